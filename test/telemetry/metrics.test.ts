import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import type { NamespaceCarbon } from '../../src/controllers/carbon-meter/carbon-ledger.ts';
import { carbonMetrics } from '../../src/controllers/carbon-meter/carbon-metrics.ts';
import { malformedPolicies, unenforceablePolicies } from '../../src/controllers/policy-reporter/policy-metrics.ts';
import { buildSnapshot } from '../../src/regions/build-snapshot.ts';
import type { RegionView, Snapshot } from '../../src/regions/snapshot.ts';
import { buildTopology } from '../../src/regions/topology.ts';
import { certificateTimes, watchIdle } from '../../src/replica/server-metrics.ts';
import { embeddedReading } from '../../src/sources/intensity/embedded.ts';
import type { Metric } from '../../src/telemetry/metric.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { regionMetrics } from '../../src/telemetry/region-metrics.ts';
import { makeNode } from '../builders.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

function region(name: string, facts: Partial<RegionView> = {}): RegionView {
  return { name, latencyMs: new Map(), elastic: false, ...facts };
}

function snapshotOf(...regions: RegionView[]): Snapshot {
  return {
    takenAt: NOW,
    regionLabel: 'topology.kubernetes.io/region',
    policySignal: 'average-lifecycle',
    regions,
    byName: new Map(regions.map((one) => [one.name, one])),
  };
}

const clock = () => NOW;

function metricsOf(...metrics: readonly Metric[]) {
  return createMetrics({ metrics });
}

function metricsOfRegions(snapshot: () => Snapshot | undefined) {
  return metricsOf(...regionMetrics(clock, snapshot));
}

/** The samples of gridgate's own metrics, as a scrape shows them. */
async function scrape(metrics: ReturnType<typeof createMetrics>): Promise<string[]> {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line.startsWith('gridgate_'));
}

const FRESH = { signal: 'average-lifecycle', source: 'static', estimated: false, freshness: 'fresh' } as const;

describe('the metrics of reviews', () => {
  it('count by endpoint, mode, decision and reason', async () => {
    const metrics = metricsOf();
    metrics.countReview('/mutate', 'enforce', 'steer', 'steered');
    metrics.countReview('/mutate', 'enforce', 'steer', 'steered');
    metrics.countReview('/validate', 'warn', 'deny', 'high_carbon');
    const lines = await scrape(metrics);
    const requests = lines.filter((line) => line.startsWith('gridgate_admission_requests_total'));
    assert.deepEqual(requests, [
      'gridgate_admission_requests_total{endpoint="/mutate",mode="enforce",decision="steer",reason="steered"} 2',
      'gridgate_admission_requests_total{endpoint="/validate",mode="warn",decision="deny",reason="high_carbon"} 1',
    ]);
  });

  it('go on counting after a scrape', async () => {
    const metrics = metricsOf();
    for (const expected of [1, 2, 3]) {
      metrics.countReview('/mutate', 'audit', 'allow', 'acceptable');
      const line = `gridgate_admission_requests_total{endpoint="/mutate",mode="audit",decision="allow",reason="acceptable"}`;
      assert.ok((await scrape(metrics)).includes(`${line} ${expected}`));
    }
  });

  it('measure durations from a quarter of a millisecond to the timeout of the webhook', async () => {
    const metrics = metricsOf();
    for (const seconds of [0.000_2, 0.03, 5]) metrics.observeDuration('/mutate', seconds);
    const lines = await scrape(metrics);
    for (const line of [
      'gridgate_admission_duration_seconds_bucket{le="0.00025",endpoint="/mutate"} 1',
      'gridgate_admission_duration_seconds_bucket{le="0.05",endpoint="/mutate"} 2',
      'gridgate_admission_duration_seconds_bucket{le="2",endpoint="/mutate"} 2',
      'gridgate_admission_duration_seconds_bucket{le="+Inf",endpoint="/mutate"} 3',
      'gridgate_admission_duration_seconds_count{endpoint="/mutate"} 3',
    ]) {
      assert.ok(lines.includes(line), `${line}\nis not in\n${lines.join('\n')}`);
    }
  });
});

describe('the metrics of regions', () => {
  it('show what is known of each, and nothing for what is not', async () => {
    const snapshot = snapshotOf(
      region('eu-north-1', {
        reading: { ...FRESH, gramsPerKwh: 25.5, source: 'electricity-maps', measuredAt: NOW - 90_000 },
        band: 'low',
        outage: { active: false, sources: ['manual'] },
      }),
      region('us-east-1', {
        reading: { ...FRESH, gramsPerKwh: 379.1, measuredAt: NOW - 40_000 }, // a fixed value: it ages no further
        band: 'high',
        outage: { active: true, sources: [] },
      }),
      region('xx-new-1'),
    );
    const lines = (await scrape(metricsOfRegions(() => snapshot))).filter((line) => line.includes('region'));
    assert.deepEqual(lines, [
      'gridgate_region_grams_per_kwh{region="eu-north-1",signal="average-lifecycle",source="electricity-maps"} 25.5',
      'gridgate_region_grams_per_kwh{region="us-east-1",signal="average-lifecycle",source="static"} 379.1',
      'gridgate_region_reading_age_seconds{region="eu-north-1"} 90',
      'gridgate_region_band{region="eu-north-1",band="low"} 1',
      'gridgate_region_band{region="eu-north-1",band="medium"} 0',
      'gridgate_region_band{region="eu-north-1",band="high"} 0',
      'gridgate_region_band{region="us-east-1",band="low"} 0',
      'gridgate_region_band{region="us-east-1",band="medium"} 0',
      'gridgate_region_band{region="us-east-1",band="high"} 1',
      'gridgate_region_outage{region="eu-north-1"} 0',
      'gridgate_region_outage{region="us-east-1"} 1',
    ]);
  });

  it('list regions that only labels of nodes name, with what is known of them', async () => {
    const topology = buildTopology([makeNode('a', 'eu-north-1'), makeNode('b', 'edge-lab')]);
    const snapshot = buildSnapshot({
      regions: [],
      regionsReadAt: NOW,
      fallbackReading: embeddedReading,
      regionLabel: 'topology.kubernetes.io/region',
      policySignal: 'average-lifecycle',
      topology,
      now: NOW,
    });
    const { body } = await metricsOfRegions(() => snapshot).render();
    const lines = body.split('\n').filter((line) => line.startsWith('gridgate_region_'));
    assert.match(
      lines.join('\n'),
      /^gridgate_region_grams_per_kwh\{region="eu-north-1",.*source="embedded"\} [\d.]+$/m,
    );
    assert.match(lines.join('\n'), /^gridgate_region_band\{region="eu-north-1",band="low"\} 1$/m);
    assert.ok(!lines.some((line) => line.includes('edge-lab')), 'nothing is measured there');
    assert.doesNotMatch(body, /NaN|undefined/);
  });

  it('forget a region that vanished and a source that was replaced', async () => {
    const reading = { ...FRESH, gramsPerKwh: 100 };
    let snapshot = snapshotOf(region('a', { reading }), region('b', { reading }));
    const metrics = metricsOfRegions(() => snapshot);
    await scrape(metrics);
    snapshot = snapshotOf(region('b', { reading: { ...reading, source: 'embedded' } }));
    const lines = (await scrape(metrics)).filter((line) => line.startsWith('gridgate_region_'));
    assert.deepEqual(lines, [
      'gridgate_region_grams_per_kwh{region="b",signal="average-lifecycle",source="embedded"} 100',
    ]);
  });

  it('read one snapshot per scrape', async () => {
    let reads = 0;
    const views = [snapshotOf(region('even', { band: 'low' })), snapshotOf(region('odd', { band: 'low' }))];
    const metrics = metricsOfRegions(() => views[reads % 2]);
    const scraped = metrics.render();
    reads += 1;
    assert.ok(!(await scraped).body.includes('odd'));
  });

  it('never show a negative age when the clock of a source is ahead', async () => {
    const reading = { ...FRESH, source: 'watttime', gramsPerKwh: 1, measuredAt: NOW + 5_000 };
    const lines = await scrape(metricsOfRegions(() => snapshotOf(region('a', { reading }))));
    assert.ok(lines.includes('gridgate_region_reading_age_seconds{region="a"} 0'));
  });
});

describe('the metrics of the process', () => {
  it('show certificate, watches and malformed policies', async () => {
    const metrics = metricsOf(
      ...certificateTimes(() => ({ notBefore: NOW - 86_400_000, notAfter: NOW + 86_400_000 }), clock),
      watchIdle(() => ({ namespaces: NOW - 1_500, nodes: NOW }), clock),
      malformedPolicies(() => 2),
    );
    const lines = await scrape(metrics);
    for (const line of [
      'gridgate_certificate_expiry_seconds 86400',
      'gridgate_certificate_lifetime_seconds 172800',
      'gridgate_watch_idle_seconds{resource="namespaces"} 1.5',
      'gridgate_watch_idle_seconds{resource="nodes"} 0',
      'gridgate_malformed_policies 2',
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });

  it('go below zero when the certificate has expired, and are absent without one', async () => {
    const expired = await scrape(
      metricsOf(...certificateTimes(() => ({ notBefore: 0, notAfter: NOW - 1_000 }), clock)),
    );
    assert.ok(expired.includes('gridgate_certificate_expiry_seconds -1'));
    const absent = await scrape(metricsOf(...certificateTimes(() => undefined, clock)));
    assert.ok(!absent.some((line) => line.startsWith('gridgate_certificate_')));
  });

  it('name the namespaces whose regions match nothing known, for as long as they do', async () => {
    let unenforceable: readonly string[] | undefined = ['bank', 'shop'];
    const metrics = metricsOf(unenforceablePolicies(() => unenforceable));
    const told = async () => (await scrape(metrics)).filter((line) => line.includes('unenforceable'));
    assert.deepEqual(await told(), [
      'gridgate_sovereignty_unenforceable{namespace="bank"} 1',
      'gridgate_sovereignty_unenforceable{namespace="shop"} 1',
    ]);
    unenforceable = ['shop'];
    assert.deepEqual(await told(), ['gridgate_sovereignty_unenforceable{namespace="shop"} 1']);
    unenforceable = undefined;
    assert.deepEqual(await told(), []);
  });

  it('of two that tell of the same, take the first that knows', async () => {
    let ofLeader: number | undefined = 3;
    const metrics = metricsOf(
      malformedPolicies(() => ofLeader),
      malformedPolicies(() => 1),
    );
    assert.deepEqual(await scrape(metrics), ['gridgate_malformed_policies 3']);
    ofLeader = 0;
    assert.deepEqual(await scrape(metrics), ['gridgate_malformed_policies 0']);
    ofLeader = undefined;
    assert.deepEqual(await scrape(metrics), ['gridgate_malformed_policies 1']);
  });

  it('say nothing of malformed policies where nobody looks', async () => {
    const lines = await scrape(metricsOf(malformedPolicies(() => undefined)));
    assert.ok(!lines.some((line) => line.startsWith('gridgate_malformed_policies')));
  });

  it('tell the carbon avoided and added by namespace, as it is at each scrape, while this replica leads', async () => {
    let carbon: readonly NamespaceCarbon[] | undefined = [
      { namespace: 'shop', avoidedGrams: 1.5, addedGrams: 0 },
      { namespace: 'bank', avoidedGrams: 0, addedGrams: 20 },
    ];
    const metrics = metricsOf(...carbonMetrics(() => carbon));
    const told = async () => (await scrape(metrics)).filter((line) => line.startsWith('gridgate_carbon_'));
    const lines = [
      'gridgate_carbon_avoided_grams_total{namespace="shop"} 1.5',
      'gridgate_carbon_avoided_grams_total{namespace="bank"} 0',
      'gridgate_carbon_added_grams_total{namespace="shop"} 0',
      'gridgate_carbon_added_grams_total{namespace="bank"} 20',
    ];
    assert.deepEqual(await told(), lines);
    assert.deepEqual(await told(), lines, 'not twice as much after two scrapes');
    carbon = [{ namespace: 'shop', avoidedGrams: 2, addedGrams: 0.25 }];
    assert.deepEqual(await told(), [
      'gridgate_carbon_avoided_grams_total{namespace="shop"} 2',
      'gridgate_carbon_added_grams_total{namespace="shop"} 0.25',
    ]);
    carbon = undefined;
    assert.deepEqual(await told(), []);
    assert.match((await metrics.render()).body, /^# TYPE gridgate_carbon_avoided_grams_total counter$/m);
  });

  it('say nothing of carbon where this replica does not run for the lease', async () => {
    assert.doesNotMatch((await metricsOf().render()).body, /gridgate_carbon/);
  });

  it('come as the Prometheus text format, with the process metrics, into the registry given', async () => {
    const registry = new Registry();
    const { render } = createMetrics({ registry, metrics: [] });
    const { contentType, body } = await render();
    assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(body, /^process_resident_memory_bytes \d+/m);
    assert.match(body, /^# TYPE gridgate_admission_duration_seconds histogram$/m);
    assert.ok(registry.getSingleMetric('gridgate_admission_requests_total'));
  });
});
