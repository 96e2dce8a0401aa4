import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { readPrometheusTraffic } from '../../../src/sources/traffic/prometheus-traffic.ts';

const START = Date.parse('2026-11-20T08:00:00Z');
const HOUR_MS = 3_600_000;

type Rate = (seconds: number) => string | undefined;

/** Prometheus' range query, answered by functions of time; the parameters of each question are kept. */
async function startPrometheus(test: TestContext, rates: readonly Rate[]) {
  const asked: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    asked.push(searchParams);
    assert.equal(pathname, '/api/v1/query_range');
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(searchParams.get(name)));
    const result = rates.map((rate) => {
      const values: [number, string][] = [];
      for (let at = start ?? 0; at <= (end ?? 0); at += step ?? 1) {
        const value = rate(at);
        if (value !== undefined) values.push([at, value]);
      }
      return { metric: {}, values };
    });
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => server.close().closeAllConnections());
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function read(test: TestContext, rates: readonly Rate[], ms: number, query?: string, startMs = START) {
  const { baseUrl, asked } = await startPrometheus(test, rates);
  const deps = { fetch, clock: Date.now };
  const range = { startMs, endMs: startMs + ms };
  const measured = await readPrometheusTraffic({ baseUrl, query }, range, deps, AbortSignal.timeout(60_000));
  const bytes = measured.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  return { ...measured, bytes, asked: asked[0] ?? new URLSearchParams() };
}

/** What the default query counts too many, told each time. */
const ALL_NODES =
  'node_exporter counts all that the nodes of this Prometheus sent, wherever they are, not only what moved; --prometheus-query narrows it';

const always = (rate: number) => () => String(rate);

describe('bytes from Prometheus', () => {
  const ranges = {
    'ten seconds': 10_000,
    'five minutes': 300_000,
    'an hour': HOUR_MS,
    'six hours and seven seconds': 6 * HOUR_MS + 7_000,
    'fifty days': 50 * 24 * HOUR_MS,
    'two years': 730 * 24 * HOUR_MS,
  };
  for (const [name, ms] of Object.entries(ranges)) {
    for (const query of [undefined, 'my:bytes_per_second']) {
      it(`1 MB/s over ${name} is as many MB as seconds (${query ?? 'default query'})`, async (t) => {
        const { bytes, pieces, notes, asked } = await read(t, [always(1e6)], ms, query);
        assert.ok(Math.abs(bytes / (ms * 1_000) - 1) < 1e-9, `${bytes}`);
        assert.deepEqual(notes, query === undefined ? [ALL_NODES] : []);
        const [start = 0, end = 0, step = 0] = ['start', 'end', 'step'].map((key) => Number(asked.get(key)));
        assert.ok((end - start) / step < 11_000, 'Prometheus refuses more points');
        assert.equal(pieces[0]?.startMs, START);
        assert.equal(pieces.at(-1)?.endMs, START + ms);
      });
    }
  }

  it('of the default query come from windows that lie side by side', async (t) => {
    const { asked, query } = await read(t, [always(1)], 6 * HOUR_MS);
    assert.equal(asked.get('query'), query);
    assert.match(query, /^sum\(rate\(node_network_transmit_bytes_total\{device!~"lo\|.*"\}\[300s\]\)\)$/);
    assert.equal(asked.get('step'), '300');
  });

  it('count the value of a moment for the time before it, hour by hour', async (t) => {
    const noon = START / 1_000 + 3_600;
    const { pieces } = await read(t, [(at) => (at <= noon ? '10' : '1')], 2 * HOUR_MS);
    assert.deepEqual(
      pieces.map(({ bytes }) => bytes),
      [36_000, 3_600],
    );
  });

  it('of several series are summed, and that is told', async (t) => {
    const { bytes, notes } = await read(t, [always(2), always(3)], HOUR_MS, 'x');
    assert.equal(bytes, 18_000);
    assert.deepEqual(notes, ['Prometheus finds 2 series; their sum counts']);
  });

  it('that nobody scraped are told, not taken for zero', async (t) => {
    const from = START / 1_000 + 1_800;
    const { bytes, notes } = await read(t, [(at) => (at <= from ? '1' : at % 600 === 0 ? 'NaN' : undefined)], HOUR_MS);
    assert.equal(bytes, 1_800);
    assert.deepEqual(notes, [ALL_NODES, 'Prometheus has no value for 6 of 12 steps of 300 s; they are not counted']);
  });

  const bad: Readonly<Record<string, [readonly Rate[], RegExp]>> = {
    'no series': [[], /the query finds nothing in this range: sum\(rate/],
    'a negative rate': [[always(-1)], /finds -1 bytes per second/],
    'an infinite rate': [[() => '+Inf'], /finds \+Inf bytes per second/],
  };
  for (const [name, [rates, message]] of Object.entries(bad))
    it(`${name} is refused`, async (t) => {
      await assert.rejects(read(t, rates, HOUR_MS), { name: 'SourceError', message });
    });
});
