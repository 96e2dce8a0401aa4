import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { pollUntil } from '../control-plane/poll.ts';
import { findFreePort } from '../control-plane/ports.ts';

const BINARY = process.env['PROMETHEUS'] ?? 'prometheus';
/** Comes with it. */
const PROMTOOL = BINARY.includes('/') ? join(dirname(BINARY), 'promtool') : 'promtool';

/** Why tests with a real Prometheus (Debian's package `prometheus`) are skipped; `false` where there is one. */
export const skip: string | false = spawnSync(BINARY, ['--version']).error
  ? 'no prometheus on the PATH (Debian: apt-get install prometheus)'
  : false;

export interface Prometheus {
  readonly url: string;
  /** The metrics that it scrapes each second: lines of the text exposition. */
  readonly metrics: Map<string, number>;
  /** The data of a path below `/api/v1/`; rejects with its error. */
  readonly askApi: (path: string) => Promise<unknown>;
  /** Waits until it answers this query with this value. */
  readonly untilAnswers: (query: string, value: number) => Promise<unknown>;
  readonly stop: () => Promise<void>;
  /** Same port and data. */
  readonly start: () => Promise<void>;
}

interface PrometheusOptions {
  /** What it has stored already, in OpenMetrics with timestamps. */
  readonly history?: string;
  /** More that it scrapes, as its configuration has it. */
  readonly jobs?: readonly object[];
  /** Files of rules. */
  readonly rules?: readonly string[];
}

/**
 * Starts a real Prometheus on loopback, with an exporter of our own for it to scrape.
 */
export async function startPrometheus(
  test: TestContext,
  { history, jobs = [], rules = [] }: PrometheusOptions = {},
): Promise<Prometheus> {
  const directory = makeTemporaryDirectory(test);
  if (history !== undefined) storeHistory(directory, history);
  const metrics = new Map<string, number>();
  const exporter = createServer((_, response) => {
    response.end([...metrics].map(([series, value]) => `${series} ${value}\n`).join(''));
  }).listen(0, '127.0.0.1');
  await once(exporter, 'listening');
  test.after(() => exporter.close().closeAllConnections());
  const config = join(directory, 'prometheus.yml');
  writeFileSync(
    config,
    stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: rules,
      scrape_configs: [
        {
          job_name: 'grid',
          static_configs: [{ targets: [`127.0.0.1:${(exporter.address() as AddressInfo).port}`] }],
        },
        ...jobs,
      ],
    }),
  );
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  async function askApi(path: string): Promise<unknown> {
    const answer = await fetch(`${url}/api/v1/${path}`);
    const { data, error } = (await answer.json()) as { data?: unknown; error?: string };
    if (!answer.ok) throw new Error(`${path}: ${error}`);
    return data;
  }

  async function ask(query: string): Promise<string | undefined> {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`).catch(() => undefined);
    if (!answer?.ok) return undefined;
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return data.result[0]?.value[1];
  }

  const prometheus: Prometheus = {
    url,
    metrics,
    askApi,
    untilAnswers: (query, value) =>
      pollUntil({
        what: `prometheus to answer ${value}`,
        probe: async () => ((await ask(query)) === String(value) ? true : undefined),
        deadlineMs: 60_000,
      }),
    async stop() {
      if (!child || child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
    async start() {
      child = spawn(
        BINARY,
        [
          `--config.file=${config}`,
          `--storage.tsdb.path=${join(directory, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        { stdio: 'ignore' },
      );
      await pollUntil({
        what: 'prometheus to be ready',
        probe: async () => ((await fetch(`${url}/-/ready`).catch(() => undefined))?.ok ? true : undefined),
        deadlineMs: 60_000,
      });
    },
  };
  test.after(prometheus.stop);
  await prometheus.start();
  return prometheus;
}

function storeHistory(directory: string, history: string): void {
  const file = join(directory, 'history.txt');
  writeFileSync(file, `${history}# EOF\n`);
  const made = spawnSync(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', file, join(directory, 'data')]);
  if (made.status !== 0) throw new Error(`promtool: ${made.stderr}`);
}
