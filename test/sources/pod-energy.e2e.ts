import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EnergyQuestion, readPodEnergy } from '../../src/sources/power/pod-energy.ts';
import { skip, startPrometheus } from '../process/prometheus.ts';
import { energyHistory, type Meter } from './energy-history.ts';
import { PATIENT } from './fake-provider.ts';

const METERS: readonly Meter[] = [
  // Kepler from 0.10: cores are part of sockets, terminated pods keep their counters, a second scrape tells it again.
  { series: kepler('loki-0', 'package'), watts: 5 },
  { series: kepler('loki-0', 'dram'), watts: 1 },
  { series: kepler('loki-0', 'core'), watts: 4 },
  { series: kepler('loki-0', 'psys'), watts: 9 },
  { series: kepler('loki-0', 'package', { job: 'again' }), watts: 5 },
  { series: kepler('done', 'package', { state: 'terminated' }), watts: 5 },
  { series: kepler('gone', 'package'), watts: 8, untilHours: 0.5 },
  // Kepler before 0.10, of a pod that both know and of one that it alone knows: containers, idle and dynamic energy.
  { series: before('loki-0', 'one', 'dynamic'), watts: 77 },
  { series: before('old', 'one', 'dynamic'), watts: 2 },
  { series: before('old', 'one', 'idle'), watts: 1 },
  { series: before('old', 'two', 'dynamic'), watts: 4 },
  // node_exporter: two sockets and their memory, scraped twice; another without a host name.
  ...['a', 'b'].flatMap((job) => [
    { series: rapl('package', '10.0.0.7:9100', 0, job), watts: 40 },
    { series: rapl('package', '10.0.0.7:9100', 1, job), watts: 42 },
    { series: rapl('dram', '10.0.0.7:9100', 0, job), watts: 3 },
    { series: `node_uname_info{instance="10.0.0.7:9100",nodename="node-7",job="${job}"}`, value: 1 },
  ]),
  { series: rapl('package', '10.0.0.8:9100', 0, 'a'), watts: 30 },
];

function kepler(pod: string, zone: string, { job = 'kepler', state = 'running' } = {}): string {
  const labels = `job="${job}",namespace="monitoring",pod="kepler-x",pod_id="${pod}-id",pod_name="${pod}",pod_namespace="logs"`;
  return `kepler_pod_cpu_joules_total{${labels},state="${state}",zone="${zone}"}`;
}

function before(pod: string, container: string, mode: string): string {
  const labels = `container_id="${container}",container_name="${container}",container_namespace="logs",mode="${mode}",pod_name="${pod}"`;
  return `kepler_container_joules_total{${labels},namespace="monitoring",pod="kepler-y"}`;
}

function rapl(zone: string, instance: string, index: number, job: string): string {
  return `node_rapl_${zone}_joules_total{index="${index}",instance="${instance}",job="${job}",path="/sys/${index}"}`;
}

test('a real Prometheus tells what pods and machines draw, by what Kepler and node_exporter say', {
  skip,
}, async (t) => {
  const now = Date.now();
  const { url: baseUrl } = await startPrometheus(t, { history: energyHistory(METERS, now) });
  const read = async (question: EnergyQuestion) => {
    const { samples, ...rest } = await readPodEnergy({ baseUrl }, question, { fetch, clock: Date.now }, PATIENT);
    const told = samples.map(
      ({ pod, machines, watts }) => `${pod ? `${pod.namespace}/${pod.name}` : machines[0]}: ${watts.toFixed(1)} W`,
    );
    return { told: told.sort(), ...rest };
  };

  const found = ['Kepler', 'Kepler before 0.10', 'node_exporter'];
  const always = ['10.0.0.8:9100: 30.0 W', 'logs/loki-0: 6.0 W', 'logs/old: 7.0 W', 'node-7: 85.0 W'];
  assert.deepEqual(await read({ at: now }), { told: always, found, implausible: 0, unnamed: 0, failed: [] });

  const anHourAgo = await read({ at: now - 3_600_000 });
  assert.deepEqual(anHourAgo.told, [...always, 'logs/gone: 8.0 W'].sort(), 'with a pod that has gone since');

  const own = await read({
    query: 'sum by (pod_namespace, pod_name) (rate(kepler_pod_cpu_joules_total{zone="core"}[5m]))',
    at: now,
  });
  assert.deepEqual(own, { told: ['logs/loki-0: 4.0 W'], found: ['the query'], implausible: 0, unnamed: 0, failed: [] });

  const machines = await read({
    query: 'sum by (instance) (rate(node_rapl_package_joules_total{job="a"}[5m]))',
    labels: { node: 'instance' },
    at: now,
  });
  assert.deepEqual(machines.told, ['10.0.0.7:9100: 82.0 W', '10.0.0.8:9100: 30.0 W']);

  await assert.rejects(read({ query: 'sum by (' }), /HTTP 400.*parse error/);
});
