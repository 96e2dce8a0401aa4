import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuditedWorkload } from '../../../src/questions/audit/audited-workload.ts';
import { createRegionCarbon, sumUp } from '../../../src/questions/audit/sum-up.ts';
import { makeRegion, makeSnapshot, NOW } from '../../builders.ts';
import { makeAudited, makeDenied } from './reports.ts';

const SNAPSHOT = makeSnapshot([makeRegion('eu-north-1', 40), makeRegion('us-east-1', undefined)]);

function sum(audited: readonly AuditedWorkload[], placed: readonly Readonly<Record<string, number>>[] = []) {
  const carbon = createRegionCarbon();
  audited.forEach((workload, index) => {
    const byRegion = new Map(Object.entries(placed[index] ?? {}));
    carbon.add({ audited: workload, asWrittenIn: byRegion, placedIn: byRegion });
  });
  const passedOver = new Map([
    ['Service', 2],
    ['ConfigMap', 1],
  ]);
  return sumUp(audited, { snapshot: SNAPSHOT, source: 'files', carbon, passedOver, broken: ['a.yaml: no'] });
}

describe('sumUp', () => {
  it('counts workloads, pods, denials and estimates, in all and by namespace', () => {
    const report = sum([
      makeAudited({ namespace: 'shop', pods: 3 }),
      makeDenied({ namespace: 'shop', pods: 2 }),
      makeDenied({ namespace: 'lab', mode: 'audit', denied: false, pods: 1, misplaced: 1 }),
      makeAudited({ namespace: 'lab', mode: 'audit', pods: 5, requests: { vcpu: 1, memoryGb: 1, basis: 'estimated' } }),
    ]);
    const { workloads, pods, denied, wouldBeDenied, misplaced, estimated } = report.totals;
    assert.deepEqual(
      { workloads, pods, denied, wouldBeDenied, misplaced, estimated },
      {
        ...{ workloads: 4, pods: 11, denied: 1, wouldBeDenied: 1, misplaced: 1, estimated: 1 },
      },
    );
    assert.deepEqual(
      report.namespaces.map(({ namespace, mode, pods, denied }) => [namespace, mode, pods, denied]),
      [
        ['lab', 'audit', 6, 0],
        ['shop', 'enforce', 5, 1],
      ],
    );
  });

  it('compares like with like: what has no figure where it is placed is in none of the sums', () => {
    const { totals } = sum([
      makeAudited({ grams: { asWritten: 10, atHome: 20, placed: 4 } }),
      makeAudited({ grams: { asWritten: 100, atHome: null, placed: 50 } }),
      makeDenied({ grams: { asWritten: 1_000, atHome: 1_000, placed: null } }),
    ]);
    assert.deepEqual(totals.gramsPerHour, { asWritten: 110, atHome: 120, placed: 54 });
    assert.equal(totals.withoutFigure, 1);
    // 0.5 each; of the one that is denied nothing.
    assert.deepEqual(totals.embodied, { gramsPerHour: 1, estimated: 0 });
  });

  const MIXED = [
    makeAudited({ namespace: 'shop', grams: { asWritten: 10, atHome: 20, placed: 4 } }),
    makeAudited({ namespace: 'shop', grams: { asWritten: 100, atHome: null, placed: 150 } }),
    makeAudited({ namespace: 'shop', grams: { asWritten: 7, atHome: 7, placed: null } }),
    makeDenied({ namespace: 'shop', grams: { asWritten: 1_000, atHome: 900 } }),
    makeDenied({ namespace: 'lab', mode: 'warn', denied: false, grams: { asWritten: 500, atHome: 500 } }),
    makeAudited({ namespace: 'lab', mode: 'warn', grams: { asWritten: null, placed: null } }),
    makeAudited({ namespace: 'idle', mode: 'off', grams: { asWritten: 30, atHome: 30, placed: 3 } }),
    makeDenied({ namespace: 'idle', mode: 'off', denied: false, grams: { asWritten: 20, atHome: 20 } }),
  ];

  it('leads with what everything emits, denied and off workloads included, and each step adds up to the rows', () => {
    const { totals, namespaces } = sum(MIXED);
    assert.deepEqual(totals.balance, {
      now: 1_667,
      atHome: 1_577,
      placingSaves: -44,
      denialStops: 1_000,
      denialWouldStop: 500,
      left: 211,
      embodied: 3.5,
      withoutFigure: 1,
    });
    for (const { balance } of [totals, ...namespaces]) {
      const { now, placingSaves, denialStops, denialWouldStop, left } = balance;
      assert.equal(now - placingSaves - denialStops - denialWouldStop, left);
    }
    assert.deepEqual(
      namespaces.map(({ namespace, balance }) => [namespace, balance.now, balance.left]),
      [
        ['idle', 50, 50],
        ['lab', 500, 0],
        ['shop', 1_117, 161],
      ],
    );
  });

  it('has by region what adds up to it', () => {
    const carbon = createRegionCarbon();
    for (const audited of MIXED) {
      const { asWritten, placed } = audited.gramsPerHour;
      carbon.add({
        audited,
        asWrittenIn: new Map(asWritten === null ? [] : [['us-east-1', asWritten]]),
        placedIn: new Map(placed === null ? [] : [['eu-north-1', placed]]),
      });
    }
    const found = sumUp(MIXED, { snapshot: SNAPSHOT, source: 'files', carbon, passedOver: new Map(), broken: [] });
    assert.deepEqual(
      found.regions.map(({ region, balance, gramsPerHour }) => [region, balance, gramsPerHour.asWritten]),
      [
        ['eu-north-1', { now: 0, left: 154 }, 0],
        ['us-east-1', { now: 1_667, left: 57 }, 140],
      ],
    );
  });

  it('counts whose machines had to be assumed, and keeps embodied grams out of the operational ones', () => {
    const { totals, namespaces } = sum([
      makeAudited({ namespace: 'shop', embodied: { gramsPerHour: 3, basis: 'estimated' } }),
      makeAudited({ namespace: 'lab', embodied: { gramsPerHour: 4, basis: 'looked-up' } }),
    ]);
    assert.deepEqual(totals.embodied, { gramsPerHour: 7, estimated: 1 });
    assert.deepEqual(totals.gramsPerHour, { asWritten: 24, atHome: 40, placed: 3 });
    assert.deepEqual(
      namespaces.map(({ embodied }) => embodied),
      [
        { gramsPerHour: 4, estimated: 0 },
        { gramsPerHour: 3, estimated: 1 },
      ],
    );
  });

  it('adds up by region, those without emissions or readings too', () => {
    const workloads = [makeAudited(), makeAudited(), makeDenied()];
    const { regions } = sum(workloads, [{ 'eu-north-1': 2 }, { 'eu-north-1': 3, nowhere: 1 }, { 'us-east-1': 9 }]);
    assert.deepEqual(
      regions.map(({ region, gramsPerKwh, gramsPerHour }) => [
        region,
        gramsPerKwh,
        gramsPerHour.asWritten,
        gramsPerHour.placed,
      ]),
      [
        ['eu-north-1', 40, 5, 5],
        ['nowhere', null, 1, 1],
        ['us-east-1', null, 0, 0],
      ],
    );
  });

  it('says when, by what signal, and what was left out', () => {
    const { version, takenAt, policySignal, source, passedOver, broken } = sum([]);
    assert.deepEqual(
      [version, takenAt, policySignal, source],
      ['v1', new Date(NOW).toISOString(), 'average-lifecycle', 'files'],
    );
    assert.deepEqual(Object.entries(passedOver), [
      ['ConfigMap', 1],
      ['Service', 2],
    ]);
    assert.deepEqual(broken, ['a.yaml: no']);
  });

  it('keeps apart namespaces and kinds with hostile names', () => {
    const report = sum([makeAudited({ namespace: '__proto__' }), makeAudited({ namespace: 'constructor' })]);
    assert.deepEqual(
      report.namespaces.map(({ namespace, workloads }) => [namespace, workloads]),
      [
        ['__proto__', 1],
        ['constructor', 1],
      ],
    );
  });
});
