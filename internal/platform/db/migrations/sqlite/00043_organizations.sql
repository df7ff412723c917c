-- +goose Up

-- The companies that contacts belong to. name_key is the name as names are compared, searched and put in order.
CREATE TABLE organizations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX organizations_name ON organizations (name_key);

-- The domains of their mail: who writes from one for the first time belongs to the organization.
CREATE TABLE organization_domains (
    domain TEXT PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE
);
CREATE INDEX organization_domains_of ON organization_domains (organization_id, domain);

-- To which a contact belongs, and whether somebody decided that: then no domain changes it.
ALTER TABLE users ADD COLUMN organization_id BIGINT REFERENCES organizations (id) ON DELETE SET NULL;
ALTER TABLE users ADD COLUMN organization_by_hand BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX users_organization ON users (organization_id, created_at DESC, id DESC) WHERE organization_id IS NOT NULL;
-- Contacts by the domain of their address.
CREATE INDEX users_people_domain ON users (substr(email, instr(email, '@') + 1))
    WHERE type IN ('contact', 'visitor') AND email IS NOT NULL AND deleted_at IS NULL;

-- +goose Down
DROP INDEX users_people_domain;
DROP INDEX users_organization;
ALTER TABLE users DROP COLUMN organization_by_hand;
ALTER TABLE users DROP COLUMN organization_id;
DROP TABLE organization_domains;
DROP TABLE organizations;
