import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterFacts, WaitingThing } from '../../../src/questions/check/facts.ts';
import { judge } from '../../../src/questions/check/judge.ts';
import { NOW } from '../../builders.ts';
import { factsOf, NOT_READ, namespaceOf, oddities, regionOf, saysOf } from './facts-of.ts';

const HOUR_MS = 3_600_000;
const NOT_SAID = { value: { holder: 'one', renewedAt: NOW - 600_000, durationMs: 60_000 } };
const NOBODY_LEADS = { lease: { value: { holder: 'one', renewedAt: NOW - 600_000, durationMs: 15_000 } } };

function thing(parts: Partial<WaitingThing> = {}): WaitingThing {
  const owner = { kind: 'Job', name: 'train' };
  return { kind: 'Pod', namespace: 'lab', owner, since: NOW - HOUR_MS, latestStart: NOW + HOUR_MS, ...parts };
}

const THREE: Partial<ClusterFacts> = {
  things: {
    value: [thing(), thing(), thing({ kind: 'Job', namespace: 'etl', owner: { kind: 'CronJob', name: 'x' } })],
  },
};

/** Where the namespaces lab and etl let work wait, and one region says what is to come. */
function deferring(parts: Partial<ClusterFacts> = {}): Partial<ClusterFacts> {
  const policy = { mode: 'enforce', defer: '8h' };
  const forecast = [{ from: NOW + HOUR_MS, gramsPerKwh: 20 }];
  const reading = { gramsPerKwh: 30, signal: 'average-lifecycle', freshness: 'fresh', measuredAt: NOW, source: 'file' };
  return {
    namespaces: { value: ['lab', 'etl'].map((name) => namespaceOf(name, policy, true)) },
    regions: { value: [regionOf('eu-north', {}, { reading, forecast })] },
    ...parts,
  };
}

function policyOf(annotations: Readonly<Record<string, string>>): Partial<ClusterFacts> {
  return { namespaces: { value: [namespaceOf('lab', annotations, true), namespaceOf('etl', annotations, true)] } };
}

describe('gridgate check says of work that waits', () => {
  it('nothing where no namespace lets any wait, and nothing does', () => {
    const checks = judge(
      factsOf({ ...{ releaserLease: { value: undefined }, overdueRuns: { value: undefined } } }),
    ).checks;
    assert.ok(!checks.some(({ check }) => ['releaser', 'waiting', 'forecasts', 'CronJob'].includes(check)));
  });

  it('what there is where all is well', () => {
    assert.deepEqual(oddities(deferring(THREE)), []);
    const said = ['releaser', 'waiting', 'forecasts', 'CronJob'].flatMap((check) => saysOf(check, deferring(THREE)));
    assert.deepEqual(said, [
      'ok: one lets go what waits: it said so 5 s ago',
      'ok: 2 pods and 1 Job that wait in lab, etl: nothing is overdue',
      'ok: 1 of 1 Regions say which hours are cleaner',
      'ok: gridgate-release-overdue lets go what is overdue where nobody leads',
    ]);
    assert.deepEqual(saysOf('waiting', deferring()), ['ok: nothing waits now']);
  });

  const late = thing({ latestStart: NOW - 120_000 });
  const rows: readonly [name: string, parts: Partial<ClusterFacts>, expected: readonly RegExp[]][] = [
    [
      'a leader that has not said that it lets go what waits',
      { ...THREE, releaserLease: NOT_SAID },
      [
        /^failed releaser: one said 10 min ago that it lets go what waits, and nobody since: new pods do not wait -> kubectl logs/,
        /^failed waiting: 2 pods and 1 Job that wait in lab, etl, and nobody lets them go before their latest start -> gridgate release --all -A$/,
      ],
    ],
    [
      'no Lease of a releaser, where nothing waits yet',
      { releaserLease: { value: undefined } },
      [/^failed releaser: nobody says that it lets go what waits: new pods do not wait -> kubectl logs/],
    ],
    [
      'a Lease that another than the leader renewed',
      { releaserLease: { value: { holder: 'two', renewedAt: NOW - 20_000, durationMs: 60_000 } } },
      [
        /^warning releaser: two lets go what waits: it said so 20 s ago, but one leads since, and has not -> kubectl logs/,
      ],
    ],
    [
      'nobody who leads, and what waits on it',
      { ...NOBODY_LEADS, releaserLease: NOT_SAID, things: { value: [thing()] } },
      [
        /^failed leader: .*: nothing is measured or labelled, and nobody plans for 1 pod that waits in lab -> kubectl logs/,
        /^failed releaser: /,
        /^failed waiting: 1 pod that waits in lab, and nobody lets .* -> gridgate release --all -n lab$/,
      ],
    ],
    [
      'what is overdue, with its owners and the command',
      { things: { value: [thing(), late, late] } },
      [
        /^failed waiting: 2 pods that wait in lab should have started \(lab\/Job\/train\) -> gridgate release --overdue$/,
      ],
    ],
    ['one that is due this moment: nothing', { things: { value: [thing({ latestStart: NOW - 10_000 })] } }, []],
    [
      'one that says it may wait for ever, by what its namespace says',
      { things: { value: [thing({ since: NOW - 9 * HOUR_MS, latestStart: NOW + 900 * HOUR_MS })] } },
      [/^failed waiting: 1 pod that waits in lab should have started/],
    ],
    [
      'what waits on in a namespace where nothing waits any more',
      { ...policyOf({ mode: 'audit' }), ...THREE },
      [/^failed waiting: 2 pods and 1 Job .* should have started/],
    ],
    [
      'what waits on under the kill switch',
      { ...THREE, killSwitch: { value: { cap: 'off' } } },
      [/^warning kill switch/, /^failed waiting: 2 pods and 1 Job .* should have started/],
    ],
    [
      'no forecast',
      { regions: { value: [regionOf('eu-north')] } },
      [
        /^warning forecasts: every Region has a value of its own .*: no hour is known to be cleaner, so nothing new waits/,
      ],
    ],
    [
      'no CronJob',
      { overdueRuns: { value: undefined } },
      [
        /^failed CronJob: there is no gridgate-release-overdue in gridgate-system: without a leader nothing .* -> kubectl apply -k/,
      ],
    ],
    [
      'a CronJob that is suspended',
      { overdueRuns: { value: { isSuspended: true, failedForMs: 0 } } },
      [
        /^failed CronJob: gridgate-release-overdue is suspended: .* -> kubectl patch cronjob gridgate-release-overdue -n/,
      ],
    ],
    [
      'a CronJob whose runs fail',
      { overdueRuns: { value: { isSuspended: false, failedForMs: HOUR_MS } } },
      [
        /^warning CronJob: no run of gridgate-release-overdue has succeeded for 60 min: .* -> kubectl describe jobs,pods/,
      ],
    ],
    [
      'what the caller may not see',
      { releaserLease: NOT_READ, things: NOT_READ, overdueRuns: NOT_READ },
      [/^not known releaser: you/, /^not known waiting: you/, /^not known CronJob: you/],
    ],
  ];
  for (const [name, parts, expected] of rows)
    it(name, () => {
      const found = oddities(deferring(parts));
      assert.equal(found.length, expected.length, found.join('\n'));
      for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? '', pattern);
    });

  it('what a right that is missing means', () => {
    const missing = [
      'patch pods',
      'watch jobs.batch',
      'list leases.coordination.k8s.io gridgate-releaser in x',
      'list nodes',
    ];
    const asked = { value: { count: 9, missing } };
    const [said = ''] = oddities({ rights: [{ account: 'a/b', roles: ['controllers'], asked }] });
    assert.match(
      said,
      /; no pod that waits is let go; nobody sees what waits, .*; nobody knows whether .* -> kubectl apply/,
    );
  });

  it('commands with a name that a shell would act upon: none', () => {
    const things = { value: [thing({ namespace: 'x; curl evil.sh' })] };
    const found = oddities(deferring({ things, releaserLease: NOT_SAID })).find((line) =>
      line.startsWith('failed waiting'),
    );
    assert.ok(found && !found.includes('->'), found);
  });
});
