import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareFleets } from '../../../src/questions/preflight/compare-fleets.ts';
import type { FleetNode } from '../../../src/questions/preflight/fleet-node.ts';
import { fleetOf, X86 } from './fleet.ts';

const silent = () => undefined;

function gaps(
  fleet: readonly FleetNode[],
  staging: readonly FleetNode[],
  policyOf: (node: FleetNode) => string | undefined = silent,
) {
  return compareFleets(fleet, staging, { targetVersion: '1.33', policyOf }).map(({ what, value, nodes }) => [
    what,
    value,
    nodes,
  ]);
}

const ARM = fleetOf(3, { name: 'arm' });
const INTEL = fleetOf(1, { name: 'x86', ...X86 });

describe('staging', () => {
  it('of x86 alone cannot show what ARM will do', () => {
    const fleet = [...fleetOf(336, { name: 'arm' }), ...fleetOf(64, { name: 'x86', ...X86 })];
    const found = compareFleets(fleet, INTEL, { targetVersion: '1.33', policyOf: silent });
    assert.deepEqual(
      found.map(({ message }) => message),
      [
        'staging has no arm64 node: it cannot show what 336 of 400 nodes will do',
        'staging has no m7g.large node: it cannot show what 336 of 400 nodes will do',
      ],
    );
  });

  it('that has it all lacks nothing', () => assert.deepEqual(gaps([...ARM, ...INTEL], [...INTEL, ...ARM]), []));

  it('lacks instance types and versions, the most frequent first', () => {
    const fleet = [
      ...fleetOf(1, { name: 'a', type: 'c7g.large' }),
      ...fleetOf(2, { name: 'b', type: 'c7g.xlarge', version: 'v1.32.0' }),
    ];
    assert.deepEqual(gaps(fleet, ARM), [
      ['instance type', 'c7g.xlarge', 2],
      ['instance type', 'c7g.large', 1],
      ['version', '1.32', 2],
    ]);
  });

  it('has ARM, but none of the target version', () => {
    const old = fleetOf(1, { name: 'old', version: 'v1.32.0' });
    const found = compareFleets([...ARM, ...old], [...old, ...INTEL, ...fleetOf(1, { name: 'n', ...X86 })], {
      targetVersion: '1.33',
      policyOf: silent,
    });
    assert.deepEqual(
      found.map(({ message }) => message),
      ['staging has no arm64 node of 1.33: it cannot show what 3 of 4 nodes will do'],
    );
  });

  it('is compared by policy where it tells any', () => {
    const policyOf = ({ name }: FleetNode) => ({ arm: 'static', x86: 'none' })[name.split('-')[0] ?? ''];
    const staging = [...INTEL, ...fleetOf(1, { name: 'mute' })];
    assert.deepEqual(gaps(ARM, staging, policyOf), [['policy', 'static', 3]]);
    assert.deepEqual(gaps(ARM, fleetOf(1, { name: 'mute' }), policyOf), []);
  });

  it('need not have what no node tells', () => {
    const nameless = fleetOf(2, { name: 'n', type: '', version: '' });
    assert.deepEqual(gaps(nameless, ARM), []);
  });
});
