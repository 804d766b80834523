//! Known-bad behaviours: one rule off each.
//!
//! Every requirement of the specification that a library can break has one row here. A [`Bugs`]
//! value travels through all of the naive implementation; bugs off, it follows the specification.

/// What goes wrong in the real world with such a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Forgery, impersonation, malleability, downgrade.
    Authentication,
    /// A message taken twice.
    Replay,
    /// Old keys or messages readable after a later compromise.
    ForwardSecrecy,
    /// Plaintexts or keys readable now.
    Secrecy,
    /// Peers that follow the specification cannot talk to it.
    Interop,
    /// A stranger can make it lose messages, memory or time.
    DenialOfService,
    /// Damaged stored state taken for good.
    State,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Requirement id in lower case and a slug, for example `ratchet-17-no-forward-limit`.
    pub name: &'static str,
    /// The one requirement it breaks, for example `RATCHET-17`.
    pub requirement: &'static str,
    pub class: Class,
    /// One sentence: what it does.
    pub sentence: &'static str,
}

/// No bug, or the one that is switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bugs(pub Option<Bug>);

impl Bugs {
    /// The implementation that follows the specification.
    pub const NONE: Self = Self(None);

    pub fn has(self, bug: Bug) -> bool {
        self.0 == Some(bug)
    }
}

impl Bug {
    /// The bug with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|bug| bug.row().name == name)
    }

    /// The bug that breaks this requirement.
    pub fn of_requirement(requirement: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|bug| bug.row().requirement == requirement)
    }
}

macro_rules! bugs {
    ($($bug:ident $requirement:literal $name:literal $class:ident $sentence:literal;)*) => {
        /// One rule off each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Bug {
            $(#[doc = $sentence] $bug,)*
        }

        impl Bug {
            /// All bugs in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$bug,)*];

            /// Name, requirement and sentence.
            pub const fn row(self) -> Row {
                match self {
                    $(Self::$bug => Row {
                        name: $name,
                        requirement: $requirement,
                        class: Class::$class,
                        sentence: $sentence,
                    },)*
                }
            }
        }
    };
}

bugs! {
    Prim1Unclamped "PRIM-1" "prim-1-unclamped" Interop "Takes a private key in without clamping it and signs with the bytes as given.";
    Prim2TopBitInAgreement "PRIM-2" "prim-2-top-bit-in-agreement" Interop "Lets bit 7 of byte 31 of a public key count in an agreement.";
    Prim3ZeroAgreementUsed "PRIM-3" "prim-3-zero-agreement-used" Authentication "Uses an agreement of 32 zero bytes, which a small-order key forces on anybody.";
    Prim4ZeroAgreementRefused "PRIM-4" "prim-4-zero-agreement-refused" Interop "Refuses an agreement of 32 zero bytes where libsignal 0.72.1 goes on.";
    Prim5EmptyKeyMalformed "PRIM-5" "prim-5-empty-key-malformed" Interop "Answers malformed for an empty public key.";
    Prim6KeyTypeIgnored "PRIM-6" "prim-6-key-type-ignored" Authentication "Ignores the type byte of a public key (type confusion).";
    Prim7ShortKeyPadded "PRIM-7" "prim-7-short-key-padded" Authentication "Pads a short public key with zeros instead of refusing it.";
    Prim8LongKeyRefused "PRIM-8" "prim-8-long-key-refused" Interop "Refuses a public key with a tail that libsignal drops.";
    Prim9LongKeyCut "PRIM-9" "prim-9-long-key-cut" Authentication "Drops the tail of a long public key under the strict profile (two encodings of one key).";
    Prim10TopBitMasked "PRIM-10" "prim-10-top-bit-masked" Interop "Clears the top bit of a received u-coordinate, so that MAC inputs differ.";
    Prim11NonCanonicalKey "PRIM-11" "prim-11-non-canonical-key" Authentication "Accepts a u-coordinate that is not canonical (two encodings of one key).";
    Prim12ZeroPadding "PRIM-12" "prim-12-zero-padding" Interop "Pads with zero bytes before the count, as ANSI X9.23 does.";
    Prim13LastPaddingByteOnly "PRIM-13" "prim-13-last-padding-byte-only" Authentication "Looks at the last padding byte only.";
    Identity1NoRandom "IDENTITY-1" "identity-1-no-random" Interop "Leaves the 64 random bytes out of the signature nonce.";
    Identity2SignBitClear "IDENTITY-2" "identity-2-sign-bit-clear" Interop "Signs without the sign bit of A, as if it were always 0.";
    Identity3SignZeroAssumed "IDENTITY-3" "identity-3-sign-zero-assumed" Interop "Verifies as if A always had sign 0 (the paper's rule against libsignal's signatures).";
    Identity4LongSignature "IDENTITY-4" "identity-4-long-signature" Authentication "Reads the first 64 bytes of a longer signature (malleability).";
    Identity5TopBitsMasked "IDENTITY-5" "identity-5-top-bits-masked" Authentication "Masks the top bits of s instead of refusing them (malleability).";
    Identity6UnreducedRefused "IDENTITY-6" "identity-6-unreduced-refused" Interop "Refuses s + q, which libsignal accepts.";
    Identity7UnreducedAccepted "IDENTITY-7" "identity-7-unreduced-accepted" Authentication "Accepts s + q under the strict profile (malleability).";
    Identity8NoPointAccepted "IDENTITY-8" "identity-8-no-point-accepted" Authentication "Accepts any signature when the public key maps to no Edwards point (authentication bypass).";
    Identity9EverythingAccepted "IDENTITY-9" "identity-9-everything-accepted" Authentication "Accepts a signature that does not fit key and message (authentication bypass).";
    Identity10SmallOrder "IDENTITY-10" "identity-10-small-order" Authentication "Accepts a signature under a key of small order, which anybody can forge.";
    Identity11PaperSignBitSet "IDENTITY-11" "identity-11-paper-sign-bit-set" Interop "Signs by the paper's rule without negating the key and sets the sign bit.";
    Identity12NativeSignBitTaken "IDENTITY-12" "identity-12-native-sign-bit-taken" Authentication "Takes the sign of A from bit 7 of byte 63 in suite ratchet-chacha20 (malleability).";
    Identity13SilentReplacement "IDENTITY-13" "identity-13-silent-replacement" Authentication "Replaces the trusted identity key of an address silently (impersonation).";
    Identity14RecordedTooEarly "IDENTITY-14" "identity-14-recorded-too-early" Authentication "Records an identity key before the message that presents it decrypts (anybody can pin a false key).";
    Fingerprint1VersionInHash "FINGERPRINT-1" "fingerprint-1-version-in-hash" Interop "Puts the version into the iterated hash.";
    Fingerprint2OwnSideFirst "FINGERPRINT-2" "fingerprint-2-own-side-first" Interop "Prints the own side first, so that the two people read different numbers.";
    Fingerprint3ThirtyBytes "FINGERPRINT-3" "fingerprint-3-thirty-bytes" Interop "Puts 30 bytes of each hash into the scannable form.";
    Fingerprint4OneHalfSuffices "FINGERPRINT-4" "fingerprint-4-one-half-suffices" Authentication "Matches scannable codes when either half fits (impersonation of one side).";
    Fingerprint5VersionIgnored "FINGERPRINT-5" "fingerprint-5-version-ignored" Interop "Compares scannable codes of different versions.";
    Fingerprint6MissingFieldEmpty "FINGERPRINT-6" "fingerprint-6-missing-field-empty" Authentication "Treats a missing half of a scannable code as empty instead of refusing it.";
    Fingerprint7AnyIterations "FINGERPRINT-7" "fingerprint-7-any-iterations" DenialOfService "Takes any iteration count, 0 and 2^32 - 1 included.";
    Fingerprint8UnknownFieldRefused "FINGERPRINT-8" "fingerprint-8-unknown-field-refused" Interop "Refuses a scannable code with an unknown field.";
    Fingerprint9FirstFieldWins "FINGERPRINT-9" "fingerprint-9-first-field-wins" Authentication "Takes the first of repeated halves of a scannable code (two parsers see two codes).";
    Prekey1RawKeySigned "PREKEY-1" "prekey-1-raw-key-signed" Interop "Signs the 32 raw bytes of the signed prekey instead of its 33-byte form.";
    Prekey2SignatureNotChecked "PREKEY-2" "prekey-2-signature-not-checked" Authentication "Starts a session from a bundle without checking the signed prekey's signature (server in the middle).";
    Prekey3SignatureBeforeTrust "PREKEY-3" "prekey-3-signature-before-trust" Interop "Checks the bundle's signature before trust in its identity key.";
    Prekey4OneTimePrekeyKept "PREKEY-4" "prekey-4-one-time-prekey-kept" Replay "Keeps a one-time prekey after use (replay, and no forward secrecy for first messages).";
    Prekey5OneTimePrekeyDeletedEarly "PREKEY-5" "prekey-5-one-time-prekey-deleted-early" DenialOfService "Deletes a one-time prekey although the message that names it is refused.";
    Prekey6NewestSignedPrekeyInstead "PREKEY-6" "prekey-6-newest-signed-prekey-instead" Interop "Falls back to its newest signed prekey when the id is unknown.";
    Prekey7UnknownPrekeyLeftOut "PREKEY-7" "prekey-7-unknown-prekey-left-out" Interop "Goes on without DH4 when the one-time prekey is unknown.";
    Prekey8OneTimePrekeyFirst "PREKEY-8" "prekey-8-one-time-prekey-first" Interop "Looks for the one-time prekey before the signed prekey.";
    Prekey9NewestSignedPrekeyOnly "PREKEY-9" "prekey-9-newest-signed-prekey-only" Interop "Refuses messages to a signed prekey that is not its newest (lost messages after rotation).";
    Prekey10BundleArchivesEarly "PREKEY-10" "prekey-10-bundle-archives-early" DenialOfService "Archives the current session before the bundle is checked.";
    Handshake1NoFfPrefix "HANDSHAKE-1" "handshake-1-no-ff-prefix" Interop "Leaves the 32 bytes 0xFF out of the key material.";
    Handshake2Dh4NeverMixed "HANDSHAKE-2" "handshake-2-dh4-never-mixed" ForwardSecrecy "Never mixes the one-time prekey in (first messages lose forward secrecy).";
    Handshake3OtherInfo "HANDSHAKE-3" "handshake-3-other-info" Interop "Derives the first keys with another HKDF info string.";
    Handshake4DrawsSwapped "HANDSHAKE-4" "handshake-4-draws-swapped" Interop "Draws the ratchet key before the base key.";
    Handshake5NoFirstRootStep "HANDSHAKE-5" "handshake-5-no-first-root-step" ForwardSecrecy "Sends on the chain key of the handshake, without the initiator's first root step.";
    Handshake6FreshResponderKey "HANDSHAKE-6" "handshake-6-fresh-responder-key" Interop "Starts a responder with a fresh ratchet key instead of the signed prekey.";
    Handshake7PrekeyIdZero "HANDSHAKE-7" "handshake-7-prekey-id-zero" Interop "Writes prekey id 0 where the bundle held no one-time prekey.";
    Handshake8RegistrationIdZero "HANDSHAKE-8" "handshake-8-registration-id-zero" Interop "Writes registration id 0 into prekey messages.";
    Handshake9PolicyIgnored "HANDSHAKE-9" "handshake-9-policy-ignored" Authentication "Accepts an X3DH handshake although its policy refuses them (downgrade).";
    Handshake10ReplayAccepted "HANDSHAKE-10" "handshake-10-replay-accepted" Replay "Accepts a replayed prekey message without one-time prekey under the strict profile.";
    Handshake11ReplayRefused "HANDSHAKE-11" "handshake-11-replay-refused" Interop "Refuses a repeated prekey message without one-time prekey where libsignal accepts it.";
    Ratchet1RootAndChainSwapped "RATCHET-1" "ratchet-1-root-and-chain-swapped" Interop "Swaps root key and chain key in the output of the root step.";
    Ratchet2ConstantsSwapped "RATCHET-2" "ratchet-2-constants-swapped" Interop "Swaps the constants 0x01 and 0x02 of the chain step.";
    Ratchet3ZeroIv "RATCHET-3" "ratchet-3-zero-iv" Secrecy "Encrypts with a zero IV instead of the derived one.";
    Ratchet4CounterMode "RATCHET-4" "ratchet-4-counter-mode" Interop "Encrypts the body in counter mode instead of CBC.";
    Ratchet5IdentitiesSwapped "RATCHET-5" "ratchet-5-identities-swapped" Interop "Puts the receiver's identity first under the MAC.";
    Ratchet6MacNotChecked "RATCHET-6" "ratchet-6-mac-not-checked" Authentication "Decrypts without checking the MAC (authentication bypass).";
    Ratchet7FourByteMac "RATCHET-7" "ratchet-7-four-byte-mac" Authentication "Compares only the first four bytes of the MAC (forgery in 2^32).";
    Ratchet8MacOverReencoding "RATCHET-8" "ratchet-8-mac-over-reencoding" Interop "Computes the MAC over its own re-encoding of the message.";
    Ratchet9ConstantVersionByte "RATCHET-9" "ratchet-9-constant-version-byte" Authentication "Puts its own version byte under the MAC instead of the received one.";
    Ratchet10PreviousCounterN "RATCHET-10" "ratchet-10-previous-counter-n" Interop "Writes the length of the previous chain as previous_counter, as the paper does.";
    Ratchet11PreviousCounterObeyed "RATCHET-11" "ratchet-11-previous-counter-obeyed" Interop "Refuses a message whose previous_counter is far beyond what it saw.";
    Ratchet12LazyRatchetDraw "RATCHET-12" "ratchet-12-lazy-ratchet-draw" ForwardSecrecy "Draws its new ratchet key at the next send instead of in the ratchet step.";
    Ratchet13CounterFromOne "RATCHET-13" "ratchet-13-counter-from-one" Interop "Counts the messages of a chain from 1.";
    Ratchet14EarlierCountersRefused "RATCHET-14" "ratchet-14-earlier-counters-refused" Interop "Refuses a message that arrives after a later one of its chain (lost messages).";
    Ratchet15UsedSeedsKept "RATCHET-15" "ratchet-15-used-seeds-kept" Replay "Keeps used seeds and decrypts a message again (replay).";
    Ratchet16LimitOneShort "RATCHET-16" "ratchet-16-limit-one-short" Interop "Accepts 24999 messages ahead and no more.";
    Ratchet17NoForwardLimit "RATCHET-17" "ratchet-17-no-forward-limit" DenialOfService "Steps a chain forward without limit (one message costs hours of work).";
    Ratchet18LimitWithItself "RATCHET-18" "ratchet-18-limit-with-itself" Interop "Applies the forward limit in a session with itself.";
    Ratchet19ThousandSeeds "RATCHET-19" "ratchet-19-thousand-seeds" Interop "Keeps 1000 unused seeds of a chain (late messages lost).";
    Ratchet20UnboundedSeeds "RATCHET-20" "ratchet-20-unbounded-seeds" DenialOfService "Keeps unused seeds of a chain without bound.";
    Ratchet21FourChains "RATCHET-21" "ratchet-21-four-chains" Interop "Keeps four receiver chains.";
    Ratchet22UnboundedChains "RATCHET-22" "ratchet-22-unbounded-chains" DenialOfService "Keeps receiver chains without bound.";
    Ratchet23OldChainsStoredOnly "RATCHET-23" "ratchet-23-old-chains-stored-only" Interop "Decrypts late messages of an older chain from stored seeds only (tail of the chain lost).";
    Ratchet24ChainAdvancedBeforeMac "RATCHET-24" "ratchet-24-chain-advanced-before-mac" DenialOfService "Uses a seed up before the MAC is checked (a forgery kills the honest message).";
    Ratchet25ChainAddedBeforeMac "RATCHET-25" "ratchet-25-chain-added-before-mac" DenialOfService "Adds a receiver chain before the MAC is checked (forgeries push honest chains out).";
    Ratchet26SeedsStoredBeforeMac "RATCHET-26" "ratchet-26-seeds-stored-before-mac" DenialOfService "Stores seeds before the MAC is checked (one forgery evicts honest seeds).";
    Ratchet27MacBeforeDuplicate "RATCHET-27" "ratchet-27-mac-before-duplicate" Interop "Checks the MAC of a used counter before it says duplicate.";
    Ratchet28EmptyCiphertextAccepted "RATCHET-28" "ratchet-28-empty-ciphertext-accepted" Authentication "Takes a ciphertext that is empty or no multiple of 16 bytes for an empty plaintext.";
    Ratchet29ChainNotAdvanced "RATCHET-29" "ratchet-29-chain-not-advanced" Secrecy "Does not advance the sending chain (key reuse).";
    Session1PrekeyMessageOnce "SESSION-1" "session-1-prekey-message-once" Interop "Sends one prekey message only (all is lost if that one is).";
    Session2PrekeyMessagesForever "SESSION-2" "session-2-prekey-messages-forever" Interop "Goes on with prekey messages after an answer.";
    Session3PrekeysLookedUpAgain "SESSION-3" "session-3-prekeys-looked-up-again" Interop "Looks the prekeys up again although it has the session.";
    Session4OldSessionDropped "SESSION-4" "session-4-old-session-dropped" Interop "Drops the old session when a new one begins (messages under way lost).";
    Session5TenArchived "SESSION-5" "session-5-ten-archived" Interop "Keeps ten archived sessions.";
    Session6UnboundedArchive "SESSION-6" "session-6-unbounded-archive" DenialOfService "Keeps archived sessions without bound.";
    Session7CurrentOnly "SESSION-7" "session-7-current-only" Interop "Tries the current session only.";
    Session8NotPromoted "SESSION-8" "session-8-not-promoted" Interop "Leaves an archived session archived although a message decrypted in it.";
    Session9MatchNotPromoted "SESSION-9" "session-9-match-not-promoted" Interop "Leaves an archived session archived although a prekey message matches it.";
    Session10DuplicatePassedOver "SESSION-10" "session-10-duplicate-passed-over" Interop "Goes on after a duplicate and ends with invalid_message.";
    Session11OtherCode "SESSION-11" "session-11-other-code" Interop "Says no_session when none of its sessions decrypts.";
    Session12InvalidWithoutSession "SESSION-12" "session-12-invalid-without-session" Interop "Says invalid_message when there is no session at all.";
    Session13NoExpiry "SESSION-13" "session-13-no-expiry" ForwardSecrecy "Goes on sending in a session that was not answered for more than 30 days.";
    Session14ExpiresEarly "SESSION-14" "session-14-expires-early" Interop "Stops sending in an unanswered session after 29 days.";
    Session15PendingKept "SESSION-15" "session-15-pending-kept" Interop "Keeps the pending prekey data of an archived session.";
    Session16OwnInitiationFirst "SESSION-16" "session-16-own-initiation-first" Interop "Refuses a prekey message while its own initiation is unanswered.";
    Session17StoredBeforeDecryption "SESSION-17" "session-17-stored-before-decryption" DenialOfService "Stores the new session before the first message decrypts.";
    Session18PrekeyMessageTriedEverywhere "SESSION-18" "session-18-prekey-message-tried-everywhere" Authentication "Tries a prekey message's inner message in all its sessions.";
    Session19PrekeysBeforeTrust "SESSION-19" "session-19-prekeys-before-trust" Interop "Looks the prekeys up before it checks trust in the identity.";
    Session20DeviceIgnored "SESSION-20" "session-20-device-ignored" Interop "Keys sessions by name alone (devices overwrite each other).";
    Session21VersionIgnored "SESSION-21" "session-21-version-ignored" Authentication "Accepts a message of another version in a session (downgrade or upgrade confusion).";
    Session22DecoderGuessed "SESSION-22" "session-22-decoder-guessed" Authentication "Tries the other decoder when the stated one refuses.";
    Session23RefusedSendAdvances "SESSION-23" "session-23-refused-send-advances" DenialOfService "Advances the sending chain although the encryption is refused.";
    Session24TriedSessionPromoted "SESSION-24" "session-24-tried-session-promoted" DenialOfService "Makes the last archived session it tried the current one although the message was refused.";
    Native1IdNotSigned "NATIVE-1" "native-1-id-not-signed" Authentication "Leaves the id out of the signed prekey's signature.";
    Native2OneLabelForSigning "NATIVE-2" "native-2-one-label-for-signing" Authentication "Signs one-time prekeys under the signed prekey's label.";
    Native3SignatureNotChecked "NATIVE-3" "native-3-signature-not-checked" Authentication "Does not check the signed prekey's signature (server in the middle).";
    Native4OneTimeSignatureNotChecked "NATIVE-4" "native-4-one-time-signature-not-checked" ForwardSecrecy "Does not check the one-time prekey's signature (a server's key there removes forward secrecy).";
    Native5OneLabelAccepted "NATIVE-5" "native-5-one-label-accepted" Authentication "Accepts a signed prekey's signature for a one-time prekey (cross-protocol reuse).";
    Native6BundleNameIgnored "NATIVE-6" "native-6-bundle-name-ignored" Authentication "Ignores whose bundle it is (unknown key share).";
    Native7ResponderNameNotHashed "NATIVE-7" "native-7-responder-name-not-hashed" Authentication "Leaves the responder's name out of the transcript hash (unknown key share).";
    Native8NoTranscriptSalt "NATIVE-8" "native-8-no-transcript-salt" Authentication "Derives the first keys without the transcript hash.";
    Native9Dh4NeverMixed "NATIVE-9" "native-9-dh4-never-mixed" ForwardSecrecy "Never mixes the one-time prekey in.";
    Native10SignalLabels "NATIVE-10" "native-10-signal-labels" Interop "Uses Signal's labels (no domain separation).";
    Native11EmptyAssociatedData "NATIVE-11" "native-11-empty-associated-data" Authentication "Encrypts with empty associated data.";
    Native12HeaderNotAuthenticated "NATIVE-12" "native-12-header-not-authenticated" Authentication "Leaves the header out of the associated data.";
    Native13HalfTag "NATIVE-13" "native-13-half-tag" Authentication "Compares the first eight bytes of the tag.";
    Native14FormatIgnored "NATIVE-14" "native-14-format-ignored" Authentication "Ignores the format, suite and kind of a message.";
    Native15TruncationZeroFilled "NATIVE-15" "native-15-truncation-zero-filled" Authentication "Reads zeros behind the end of a truncated message.";
    Native16NonCanonicalKey "NATIVE-16" "native-16-non-canonical-key" Authentication "Accepts a public key that is not canonical.";
    Native17ZeroAgreementUsed "NATIVE-17" "native-17-zero-agreement-used" Authentication "Uses an agreement of 32 zero bytes.";
    Native18ResponderIgnored "NATIVE-18" "native-18-responder-ignored" Authentication "Ignores that a handshake message names another responder.";
    Native19InitiatorIgnored "NATIVE-19" "native-19-initiator-ignored" Authentication "Ignores that a handshake message names another initiator than the peer it came from.";
    Native20NoReplayCache "NATIVE-20" "native-20-no-replay-cache" Replay "Accepts a replayed handshake message.";
    Native21ReplayCacheDropped "NATIVE-21" "native-21-replay-cache-dropped" Replay "Forgets its replay cache when the session is deleted.";
    Native22OneTimePrekeyKept "NATIVE-22" "native-22-one-time-prekey-kept" Replay "Keeps a one-time prekey after use.";
    Native23UnknownPrekeyFallsBack "NATIVE-23" "native-23-unknown-prekey-falls-back" Interop "Falls back when a prekey is unknown instead of saying which.";
    Native24PreviousLengthShort "NATIVE-24" "native-24-previous-length-short" Interop "Writes one message too few as previous_length.";
    Native25PreviousChainOpen "NATIVE-25" "native-25-previous-chain-open" ForwardSecrecy "Keeps the previous receiving chain open beyond previous_length.";
    Native26ClosedChainsDropped "NATIVE-26" "native-26-closed-chains-dropped" Interop "Drops the stored seeds of closed chains (late messages lost).";
    Native27UsedSeedsKept "NATIVE-27" "native-27-used-seeds-kept" Replay "Decrypts a used counter again (replay).";
    Native28Limit1000 "NATIVE-28" "native-28-limit-1000" Interop "Accepts jumps of 1000 messages and no more.";
    Native29NoJumpLimit "NATIVE-29" "native-29-no-jump-limit" DenialOfService "Steps chains forward without limit.";
    Native30ThousandSeeds "NATIVE-30" "native-30-thousand-seeds" Interop "Keeps 1000 stored seeds.";
    Native31UnboundedSeeds "NATIVE-31" "native-31-unbounded-seeds" DenialOfService "Keeps stored seeds without bound.";
    Native32AdvancedBeforeTag "NATIVE-32" "native-32-advanced-before-tag" DenialOfService "Advances a chain before the tag is checked.";
    Native33OwnRatchetKeyAccepted "NATIVE-33" "native-33-own-ratchet-key-accepted" Authentication "Makes a ratchet step with its own ratchet key (reflection).";
    Native34DrawsSwapped "NATIVE-34" "native-34-draws-swapped" Interop "Draws the ratchet key before the ephemeral key.";
    Native35ClosedKeyAccepted "NATIVE-35" "native-35-closed-key-accepted" Authentication "Begins a second chain under the ratchet key of a closed one (two seeds under one name).";
    Group1ChainIdNotShifted "GROUP-1" "group-1-chain-id-not-shifted" Interop "Uses all 32 bits as chain id.";
    Group2NewKeyEachTime "GROUP-2" "group-2-new-key-each-time" Interop "Makes a new sender key for each distribution message.";
    Group3CipherKeyFirst "GROUP-3" "group-3-cipher-key-first" Interop "Cuts the cipher key before the IV.";
    Group4ConstantsSwapped "GROUP-4" "group-4-constants-swapped" Interop "Swaps the constants of the chain step.";
    Group5VersionNotSigned "GROUP-5" "group-5-version-not-signed" Authentication "Leaves the version byte out of the signature.";
    Group6SignatureNotChecked "GROUP-6" "group-6-signature-not-checked" Authentication "Does not check the signature of a group message (any member speaks for any other).";
    Group7UnknownChainBadSignature "GROUP-7" "group-7-unknown-chain-bad-signature" Interop "Says bad_signature for an unknown chain.";
    Group8UsedSeedsKept "GROUP-8" "group-8-used-seeds-kept" Replay "Decrypts a used iteration again (replay).";
    Group9LimitOneShort "GROUP-9" "group-9-limit-one-short" Interop "Accepts 24999 iterations ahead and no more.";
    Group10NoForwardLimit "GROUP-10" "group-10-no-forward-limit" DenialOfService "Steps a sender chain forward without limit.";
    Group11EarlierIterationsRefused "GROUP-11" "group-11-earlier-iterations-refused" Interop "Refuses an earlier iteration that was not used (lost messages).";
    Group12UnboundedSeeds "GROUP-12" "group-12-unbounded-seeds" DenialOfService "Keeps unused seeds without bound.";
    Group13OneState "GROUP-13" "group-13-one-state" Interop "Keeps one state per sender and distribution id.";
    Group14UnboundedStates "GROUP-14" "group-14-unbounded-states" DenialOfService "Keeps states without bound.";
    Group15ChainReset "GROUP-15" "group-15-chain-reset" Replay "Resets a chain when its distribution message comes again (replay).";
    Group16NewSigningKeyIgnored "GROUP-16" "group-16-new-signing-key-ignored" Interop "Ignores another signing key for a known chain id.";
    Group17SenderIgnored "GROUP-17" "group-17-sender-ignored" Authentication "Keeps sender keys by distribution id alone (one member speaks for another).";
    Group18KeyMadeSilently "GROUP-18" "group-18-key-made-silently" Interop "Makes a sender key nobody has when it is asked to encrypt without one.";
    Group19AdvancedBeforeSignature "GROUP-19" "group-19-advanced-before-signature" DenialOfService "Advances a chain before the signature is checked.";
    Group20ShortMessageMalformed "GROUP-20" "group-20-short-message-malformed" Interop "Says malformed for a message that is too short.";
    Group21VersionIgnored "GROUP-21" "group-21-version-ignored" Authentication "Ignores the version of a group message.";
    Group22FieldsPadded "GROUP-22" "group-22-fields-padded" Authentication "Pads and cuts fields of the wrong length.";
    Group23IterationNotAdvanced "GROUP-23" "group-23-iteration-not-advanced" Secrecy "Does not advance the sending chain (key reuse).";
    Box1LengthsAdjusted "BOX-1" "box-1-lengths-adjusted" Authentication "Pads and cuts keys and nonces of the wrong length.";
    Box2TagLast "BOX-2" "box-2-tag-last" Interop "Puts the tag behind the ciphertext.";
    Box3HsalsaKey "BOX-3" "box-3-hsalsa-key" Interop "Derives the XChaCha20 box key by HSalsa20.";
    Box4TagNotChecked "BOX-4" "box-4-tag-not-checked" Authentication "Decrypts without checking the tag.";
    Box5ShortBoxEmpty "BOX-5" "box-5-short-box-empty" Authentication "Returns an empty plaintext for a ciphertext that is too short.";
    Box6ZeroAgreementUsed "BOX-6" "box-6-zero-agreement-used" Authentication "Uses an agreement of 32 zero bytes.";
    Box7ContentHashLeftOut "BOX-7" "box-7-content-hash-left-out" Authentication "Leaves the content's hash out of the slots (content can be exchanged between recipients).";
    Box8ContentHashNotCompared "BOX-8" "box-8-content-hash-not-compared" Authentication "Does not compare the content with the slot's hash.";
    Box9NonceReused "BOX-9" "box-9-nonce-reused" Secrecy "Uses one nonce for all slots of a message.";
    Wire1OldVersionByte "WIRE-1" "wire-1-old-version-byte" Interop "Begins messages with 0x33.";
    Wire2ZeroCounterLeftOut "WIRE-2" "wire-2-zero-counter-left-out" Interop "Leaves out fields whose value is 0.";
    Wire3OrderDemanded "WIRE-3" "wire-3-order-demanded" Interop "Refuses fields that are not in ascending order.";
    Wire4UnknownFieldRefused "WIRE-4" "wire-4-unknown-field-refused" Interop "Refuses unknown fields.";
    Wire5FirstFieldWins "WIRE-5" "wire-5-first-field-wins" Authentication "Takes the first of repeated fields (two parsers see two messages).";
    Wire6LongVarintRefused "WIRE-6" "wire-6-long-varint-refused" Interop "Refuses varints that are not minimal.";
    Wire7LongNumberSaturates "WIRE-7" "wire-7-long-number-saturates" Interop "Saturates a number beyond 32 bits.";
    Wire8UnreadableSkipped "WIRE-8" "wire-8-unreadable-skipped" Authentication "Skips what it cannot read.";
    Wire9ShortMessageMalformed "WIRE-9" "wire-9-short-message-malformed" Interop "Says malformed for a message that is too short.";
    Wire10LegacyAccepted "WIRE-10" "wire-10-legacy-accepted" Authentication "Accepts a version below 3 (downgrade).";
    Wire11FutureAccepted "WIRE-11" "wire-11-future-accepted" Authentication "Accepts a version above 4.";
    Wire12MessageFieldsDefaulted "WIRE-12" "wire-12-message-fields-defaulted" Authentication "Fills missing fields of a ratchet message with defaults.";
    Wire13PrekeyFieldsDefaulted "WIRE-13" "wire-13-prekey-fields-defaulted" Authentication "Fills missing fields of a prekey message with defaults.";
    Wire14DefaultsRefused "WIRE-14" "wire-14-defaults-refused" Interop "Refuses a message without registration id or previous_counter.";
    Wire15LowNibbleChecked "WIRE-15" "wire-15-low-nibble-checked" Interop "Demands a low nibble of 4 in a prekey message's version byte.";
    Wire16KyberFieldsIgnored "WIRE-16" "wire-16-kyber-fields-ignored" Authentication "Ignores a Kyber field that stands alone.";
    State1SeedsForgotten "STATE-1" "state-1-seeds-forgotten" Interop "Forgets stored seeds in an import.";
    State2TruncationAccepted "STATE-2" "state-2-truncation-accepted" State "Takes what it can from a truncated state.";
    State3FormatVersionIgnored "STATE-3" "state-3-format-version-ignored" State "Ignores the version of the state format.";
    State4TailIgnored "STATE-4" "state-4-tail-ignored" State "Ignores bytes after the state.";
    Secret1UsedKeysExported "SECRET-1" "secret-1-used-keys-exported" ForwardSecrecy "Keeps used chain keys and seeds in the exported state.";
    Secret2OldStepsExported "SECRET-2" "secret-2-old-steps-exported" ForwardSecrecy "Keeps root keys and ratchet keys of earlier steps in the exported state.";
    Secret3OneTimePrekeyInSession "SECRET-3" "secret-3-one-time-prekey-in-session" ForwardSecrecy "Keeps the one-time prekey's private half in the session.";
    Secret4PlaintextInDetail "SECRET-4" "secret-4-plaintext-in-detail" Secrecy "Puts the plaintext into the detail of a padding error.";
}
