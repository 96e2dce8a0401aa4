import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createAuthority, type Issued, issueLeaf, validFor } from '../../src/certs/authority.ts';
import { type ParsedCertificate, parseCertificates } from '../../src/certs/parsed-certificate.ts';
import { planRotation, type RotationAction, type RotationState } from '../../src/certs/rotation.ts';
import {
  readAuthority,
  readLeaf,
  type StoredAuthority,
  type StoredLeaf,
  writeAuthority,
  writeLeaf,
} from '../../src/certs/stored-certificates.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HOLD = 60_000;
const NOW = Date.UTC(2026, 10, 22);
const NAMES = ['gridgate.gridgate-system.svc'];

let old: Issued;
let current: Issued;

before(async () => {
  old = await createAuthority(validFor(365 * DAY, NOW));
  current = await createAuthority(validFor(365 * DAY, NOW));
});

function parse({ cert }: Issued): ParsedCertificate {
  const [parsed] = parseCertificates(cert);
  assert.ok(parsed);
  return parsed;
}

function authority(carriedSince?: number, previous: readonly Issued[] = []): StoredAuthority | undefined {
  return readAuthority(writeAuthority(current, previous.map(parse), carriedSince));
}

async function leafOf(issuer: Issued, { names = NAMES, at = NOW } = {}): Promise<StoredLeaf | undefined> {
  const leaf = await issueLeaf(issuer, { names, ...validFor(90 * DAY, at) });
  return readLeaf(writeLeaf(leaf, parse(issuer)), NAMES);
}

/** The action in one line: its kind and what else a row looks at. */
function tell(action: RotationAction): string {
  if (action.kind === 'wait') return `wait ${Math.round((action.until - NOW) / 1000)} s`;
  if (action.kind === 'create-authority' || action.kind === 'set-previous') {
    const name = (one: ParsedCertificate) => (one.fingerprint === parse(old).fingerprint ? 'old' : 'another');
    return [action.kind, ...action.previous.map(name)].join(' ');
  }
  if (action.kind === 'note-carried') return `note-carried ${action.since === undefined ? 'not' : 'now'}`;
  return action.kind;
}

describe('the next step of a rotation', () => {
  const both = () => [parse(current), parse(old)];
  const rows: Record<string, { state: () => RotationState | Promise<RotationState>; at?: number; next: string }> = {
    'nothing exists': { state: () => ({ bundles: [[]] }), next: 'create-authority' },
    'only a leaf is left': {
      state: async () => ({ leaf: await leafOf(old), bundles: [[]] }),
      next: 'create-authority old',
    },
    'only the certificate of the authority is left': {
      state: () => ({ remnants: [parse(old)], bundles: [] }),
      next: 'create-authority old',
    },
    'only a bundle is left': { state: () => ({ bundles: [[parse(old)]] }), next: 'create-authority old' },
    'what is left has expired': {
      state: () => ({ remnants: [parse(old)], bundles: [[parse(old)]] }),
      at: NOW + 366 * DAY,
      next: 'create-authority',
    },
    'the authority is two thirds through its life': {
      state: async () => ({ authority: authority(), leaf: await leafOf(current), bundles: [[parse(current)]] }),
      at: NOW + 244 * DAY,
      next: 'create-authority another',
    },
    'there is no leaf, and nobody is trusted': {
      state: () => ({ authority: authority(), bundles: [[]] }),
      next: 'issue-leaf',
    },
    'there is no leaf, and only another is trusted': {
      state: () => ({ authority: authority(), bundles: [[parse(old)]] }),
      next: 'set-previous old',
    },
    'the leaf is of an earlier authority, whose bundle is empty': {
      state: async () => ({ authority: authority(undefined, [old]), leaf: await leafOf(old), bundles: [[]] }),
      next: 'write-bundles',
    },
    'the leaf is of an earlier authority that the list forgot': {
      state: async () => ({ authority: authority(), leaf: await leafOf(old), bundles: [[parse(current)]] }),
      next: 'set-previous old',
    },
    'all bundles have both': {
      state: async () => ({
        authority: authority(undefined, [old]),
        leaf: await leafOf(old),
        bundles: [both(), both()],
      }),
      next: 'note-carried now',
    },
    'one bundle has lost the new one': {
      state: async () => ({
        authority: authority(NOW - HOLD, [old]),
        leaf: await leafOf(old),
        bundles: [both(), [parse(old)]],
      }),
      next: 'note-carried not',
    },
    'all have had both for 59 s': {
      state: async () => ({ authority: authority(NOW - 59_000, [old]), leaf: await leafOf(old), bundles: [both()] }),
      next: 'wait 1 s',
    },
    'all have had both for 60 s': {
      state: async () => ({ authority: authority(NOW - HOLD, [old]), leaf: await leafOf(old), bundles: [both()] }),
      next: 'issue-leaf',
    },
    'the time noted is in the future': {
      state: async () => ({ authority: authority(NOW + HOUR, [old]), leaf: await leafOf(old), bundles: [both()] }),
      next: 'note-carried now',
    },
    'the leaf of an earlier authority has expired': {
      state: async () => ({
        authority: authority(undefined, [old]),
        leaf: await leafOf(old, { at: NOW - 91 * DAY }),
        bundles: [[]],
      }),
      next: 'issue-leaf',
    },
    'the leaf lacks a name': {
      state: async () => ({
        authority: authority(),
        leaf: await leafOf(current, { names: ['other.svc'] }),
        bundles: [[parse(current)]],
      }),
      next: 'issue-leaf',
    },
    'the leaf is from later, as after a clock was set back by some hours': {
      state: async () => ({
        authority: authority(),
        leaf: await leafOf(current, { at: NOW + 5 * HOUR }),
        bundles: [[parse(current)]],
      }),
      // Two thirds of 90 days and two hours, which begin two hours early, five hours from now.
      next: `wait ${(5 * HOUR - 2 * HOUR + ((90 * DAY + 2 * HOUR) * 2) / 3) / 1000} s`,
    },
    'the leaf is from next week': {
      state: async () => ({
        authority: authority(),
        leaf: await leafOf(current, { at: NOW + 7 * DAY }),
        bundles: [[parse(current)]],
      }),
      next: 'issue-leaf',
    },
    'a bundle trusts a stranger besides': {
      state: async () => ({ authority: authority(), leaf: await leafOf(current), bundles: [both()] }),
      next: 'write-bundles',
    },
    'no webhook is configured': {
      state: async () => ({ authority: authority(), leaf: await leafOf(current), bundles: [] }),
      next: `wait ${(((90 * DAY + 2 * HOUR) * 2) / 3 - 2 * HOUR) / 1000} s`,
    },
  };
  for (const [name, { state, at = NOW, next }] of Object.entries(rows)) {
    it(`is "${next}" when ${name}`, async () => {
      assert.equal(tell(planRotation(await state(), HOLD, at)), next);
    });
  }
});
