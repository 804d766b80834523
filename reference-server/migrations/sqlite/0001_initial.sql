-- Ids of accounts, logins, messages, claims and slots are UUIDs as 16 bytes; moments are milliseconds since the Unix
-- epoch; a token is kept as its SHA-256 only. Once landed, this file never changes: further changes are further files.

CREATE TABLE accounts (
    id                  BLOB PRIMARY KEY,            -- UUIDv7
    username            TEXT NOT NULL UNIQUE,        -- 3 to 32 of a-z 0-9 _ . -
    password_hash       TEXT NOT NULL,               -- Argon2id, as a PHC string
    created_at          INTEGER NOT NULL,            -- when it was made
    identity_key        BLOB,                        -- 33 bytes, from the first registration on, then never changed
    device_list         BLOB,                        -- the signed list as it came, with identity_key
    device_list_version INTEGER NOT NULL DEFAULT 0   -- the version in device_list, 0 without one
) STRICT, WITHOUT ROWID;

-- One row per life of a device id: a new incarnation gets a new key, and what hangs on the old one goes with it.
CREATE TABLE devices (
    key             INTEGER PRIMARY KEY AUTOINCREMENT,  -- of this incarnation; never used again
    account         BLOB NOT NULL REFERENCES accounts (id),  -- whose
    device_id       INTEGER NOT NULL,                -- 1 to 127; its row stays for good
    incarnation     BLOB NOT NULL,                   -- 16 bytes: which installation
    registration_id INTEGER NOT NULL,                -- 1 to 16380, as in the device list
    registered_at   INTEGER NOT NULL,                -- when this incarnation began
    last_seen_at    INTEGER,                         -- when it was heard of last
    revoked_at      INTEGER,                         -- when its account took it away
    closed_at       INTEGER,                         -- when its entry in the device list was closed
    UNIQUE (account, device_id)
) STRICT;

CREATE TABLE logins (
    id         BLOB PRIMARY KEY,                     -- UUIDv7
    account    BLOB NOT NULL REFERENCES accounts (id),  -- whose
    device_id  INTEGER,                              -- the device it is bound to
    reserved   INTEGER,                              -- the only device id it may register, after a link
    created_at INTEGER NOT NULL,                     -- when it was made
    revoked_at INTEGER                               -- when all its tokens ended
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_of_device ON logins (account, device_id) WHERE revoked_at IS NULL;

-- The family of refresh tokens of a login: one is current, the others were presented.
CREATE TABLE refresh_tokens (
    hash         BLOB PRIMARY KEY,                   -- SHA-256 of the token
    login        BLOB NOT NULL REFERENCES logins (id) ON DELETE CASCADE,  -- of which login
    expires_at   INTEGER NOT NULL,                   -- when it ends
    presented_at INTEGER,                            -- when it was first used; null: it is current
    successor    BLOB                                -- SHA-256 of what it was exchanged for, with presented_at
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_of_login ON refresh_tokens (login);
CREATE INDEX refresh_tokens_ending ON refresh_tokens (expires_at);

CREATE TABLE tickets (
    hash       BLOB PRIMARY KEY,                     -- SHA-256 of the ticket
    account    BLOB NOT NULL,                        -- who may connect
    device_id  INTEGER NOT NULL,                     -- as which device
    login      BLOB NOT NULL REFERENCES logins (id) ON DELETE CASCADE,  -- by which login
    expires_at INTEGER NOT NULL                      -- when it ends
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_of_login ON tickets (login);
CREATE INDEX tickets_ending ON tickets (expires_at);

-- Nonces of registrations and device logins: used once per account.
CREATE TABLE nonces (
    account   BLOB NOT NULL,                         -- whose
    nonce     BLOB NOT NULL,                         -- 16 bytes
    forget_at INTEGER NOT NULL,                      -- when the timestamp beside it is refused anyway
    PRIMARY KEY (account, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_ending ON nonces (forget_at);

CREATE TABLE slots (
    id         BLOB PRIMARY KEY,                     -- UUIDv4: who knows it may read the slot
    envelope   BLOB,                                 -- sealed for the new device; null while it is empty
    expires_at INTEGER NOT NULL                      -- when it ends
) STRICT, WITHOUT ROWID;
CREATE INDEX slots_ending ON slots (expires_at);

CREATE TABLE link_tokens (
    hash        BLOB PRIMARY KEY,                    -- SHA-256 of the token
    account     BLOB NOT NULL REFERENCES accounts (id),  -- whose device it will be
    device_id   INTEGER NOT NULL,                    -- reserved until expires_at, redeemed or not
    expires_at  INTEGER NOT NULL,                    -- when it ends
    redeemed_at INTEGER                              -- when it became a login
) STRICT, WITHOUT ROWID;
CREATE INDEX link_tokens_of_account ON link_tokens (account);
CREATE INDEX link_tokens_ending ON link_tokens (expires_at);

-- What a device offers in one suite.
CREATE TABLE suites (
    device           INTEGER NOT NULL REFERENCES devices (key) ON DELETE CASCADE,  -- whose
    suite            INTEGER NOT NULL,               -- registered number
    signed_id        INTEGER NOT NULL,               -- of the signed prekey; the highest there ever was
    signed_public    BLOB NOT NULL,                  -- 33 bytes
    signed_signature BLOB NOT NULL,                  -- 64 bytes
    signed_at        INTEGER NOT NULL,               -- when it was uploaded
    highest_id       INTEGER NOT NULL DEFAULT 0,     -- the highest one-time prekey id ever taken
    uploads          INTEGER NOT NULL DEFAULT 0,     -- the last position given to a one-time prekey
    stock            INTEGER NOT NULL DEFAULT 0,     -- how many rows one_time_prekeys has
    issued           INTEGER NOT NULL DEFAULT 0,     -- how many were ever claimed
    PRIMARY KEY (device, suite)
) STRICT, WITHOUT ROWID;

-- Unclaimed one-time prekeys, in the order in which they are given out. A claim deletes its row.
CREATE TABLE one_time_prekeys (
    device    INTEGER NOT NULL,                      -- whose
    suite     INTEGER NOT NULL,                      -- registered number
    position  INTEGER NOT NULL,                      -- the place in the order of upload
    id        INTEGER NOT NULL,                      -- 1 to 16777215
    public    BLOB NOT NULL,                         -- 33 bytes
    signature BLOB,                                  -- 64 bytes in suites that sign them
    PRIMARY KEY (device, suite, position),
    FOREIGN KEY (device, suite) REFERENCES suites (device, suite) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Ids that were given out, for as long as the incarnation lives. Of one that was removed unclaimed only highest_id knows.
CREATE TABLE issued_prekeys (
    device INTEGER NOT NULL,                         -- whose
    suite  INTEGER NOT NULL,                         -- registered number
    id     INTEGER NOT NULL,                         -- the id
    public BLOB NOT NULL,                            -- 33 bytes: the key that it stands for
    PRIMARY KEY (device, suite, id),
    FOREIGN KEY (device, suite) REFERENCES suites (device, suite) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Claims by their name, so that a repeat gets the same answer.
CREATE TABLE claims (
    account   BLOB NOT NULL,                         -- who claimed
    device_id INTEGER NOT NULL,                      -- by which device
    claim_id  BLOB NOT NULL,                         -- the name it chose
    request   BLOB NOT NULL,                         -- SHA-256 of what was asked for
    answer    BLOB NOT NULL,                         -- what was given
    forget_at INTEGER NOT NULL,                      -- until when a repeat is known
    PRIMARY KEY (account, device_id, claim_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_ending ON claims (forget_at);

-- Who took an account's prekeys, for the account to see.
CREATE TABLE claim_log (
    account   BLOB NOT NULL,                         -- whose prekeys
    sequence  INTEGER NOT NULL,                      -- from 1 per account
    at        INTEGER NOT NULL,                      -- when
    device_id INTEGER NOT NULL,                      -- of which device
    suite     INTEGER NOT NULL,                      -- registered number
    prekey_id INTEGER,                               -- which one; null: none was left
    claimer   BLOB NOT NULL,                         -- the account that took it
    PRIMARY KEY (account, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_log_ending ON claim_log (at);

-- The log of key events that others may read. Rows are never changed or removed.
CREATE TABLE audit (
    account  BLOB NOT NULL REFERENCES accounts (id), -- whose keys
    sequence INTEGER NOT NULL,                       -- from 1 per account, without holes
    at       INTEGER NOT NULL,                       -- when
    payload  BLOB NOT NULL,                          -- kind and fields, canonical
    hash     BLOB NOT NULL,                          -- 32 bytes, over everything before and this
    PRIMARY KEY (account, sequence)
) STRICT, WITHOUT ROWID;

-- Messages by their name: no content, so that a repeat gets the same answer and a deletion finds its envelopes.
CREATE TABLE messages (
    number       INTEGER PRIMARY KEY,                -- the order of storing
    account      BLOB NOT NULL,                      -- who sent it
    device_id    INTEGER NOT NULL,                   -- from which device
    message_id   BLOB NOT NULL,                      -- the name it chose
    request_hash BLOB NOT NULL,                      -- SHA-256 of the canonical request
    stored_at    INTEGER NOT NULL,                   -- when
    forget_at    INTEGER NOT NULL,                   -- until when it is kept here
    deleted      INTEGER NOT NULL DEFAULT 0,         -- 1: taken back by its sender
    places       BLOB NOT NULL,                      -- devices.key 8 and items.sequence 8 of each envelope stored
    undelivered  BLOB NOT NULL,                      -- account 16 and device id 1 of each full mailbox
    UNIQUE (account, device_id, message_id)
) STRICT;
CREATE INDEX messages_ending ON messages (forget_at);

-- What became of a message at one recipient account: history, receipts, unread counts.
CREATE TABLE deliveries (
    number    INTEGER PRIMARY KEY,                   -- the order of storing, for paging
    message   INTEGER NOT NULL REFERENCES messages (number) ON DELETE CASCADE,  -- which message
    sender    BLOB NOT NULL,                         -- account
    recipient BLOB NOT NULL,                         -- account; the sender's own only when there is no other
    stored_at INTEGER NOT NULL,                      -- when
    status    INTEGER NOT NULL,                      -- 0 sent, 1 delivered, 2 read; never falls
    status_at INTEGER NOT NULL,                      -- since when
    deleted   INTEGER NOT NULL DEFAULT 0             -- as in messages
) STRICT;
CREATE UNIQUE INDEX deliveries_of_message ON deliveries (message, recipient);
CREATE INDEX deliveries_sent ON deliveries (sender, recipient);
CREATE INDEX deliveries_received ON deliveries (recipient, sender);
CREATE INDEX deliveries_unread ON deliveries (recipient, sender) WHERE status < 2 AND deleted = 0;

CREATE TABLE mailboxes (
    device        INTEGER PRIMARY KEY REFERENCES devices (key) ON DELETE CASCADE,  -- whose
    last_sequence INTEGER NOT NULL DEFAULT 0,        -- the last sequence assigned
    envelopes     INTEGER NOT NULL DEFAULT 0,        -- how many are in it; gaps do not count
    bytes         INTEGER NOT NULL DEFAULT 0         -- of their content
) STRICT;

-- Un-acknowledged items: an envelope, or a gap where one was or should have been.
CREATE TABLE items (
    device        INTEGER NOT NULL REFERENCES mailboxes (device) ON DELETE CASCADE,  -- in whose mailbox
    sequence      INTEGER NOT NULL,                  -- from 1 per mailbox, without holes
    sender        BLOB,                              -- account; this and what follows is null in a gap
    sender_device INTEGER,                           -- device id
    message_id    BLOB,                              -- the name the sender chose
    suite         INTEGER,                           -- registered number
    kind          INTEGER,                           -- 0 prekey, 1 message, 2 box
    content       BLOB,                              -- what only the device can read
    stored_at     INTEGER,                           -- when
    expires_at    INTEGER,                           -- when it becomes a gap
    gap           INTEGER,                           -- 0 expired, 1 deleted, 2 overflow; null in an envelope
    missed        INTEGER,                           -- how many messages the gap stands for
    given         INTEGER NOT NULL DEFAULT 0,        -- 1: an overflow gap that was shown and may not grow any more
    PRIMARY KEY (device, sequence),
    CHECK ((gap IS NULL) = (content IS NOT NULL))
) STRICT;
CREATE INDEX items_ending ON items (expires_at) WHERE gap IS NULL;
CREATE INDEX items_gaps ON items (device) WHERE gap IS NOT NULL;
