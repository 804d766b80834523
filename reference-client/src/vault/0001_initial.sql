-- What opens the vault. One row.
CREATE TABLE header (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    salt BLOB NOT NULL,             -- of Argon2id, 16 bytes
    memory_kib INTEGER NOT NULL,    -- of Argon2id
    passes INTEGER NOT NULL,        -- of Argon2id; one lane
    sealed_key BLOB NOT NULL        -- nonce 24 || vault key 32, sealed || tag 16
) STRICT;

-- Everything else. Values are sealed; keys are not.
CREATE TABLE entries (
    table_name TEXT NOT NULL,       -- what it is, see vault/entries.rs
    key BLOB NOT NULL,              -- ids and numbers, big-endian, so that they sort
    value BLOB NOT NULL,            -- nonce 24 || value, sealed || tag 16; AD = table_name || 0 || key
    PRIMARY KEY (table_name, key)
) STRICT, WITHOUT ROWID;
