/** Reviews as the API server sends them, all the time, from a process of its own: how long they take, and what they get. */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../webhook/client.ts';

export interface Bystanding {
  readonly port: number;
  readonly ca: string;
}

export interface Seen {
  readonly reviews: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** What any of them got other than being steered. */
  readonly unsteered: readonly string[];
}

const CLIENTS = 8;
const PAUSE_MS = 10;
const REVIEW = readFileSync('test/fixtures/pod-review.json');
const STEERED = '"reason":"steered"';

let isOver = false;
process.on('message', (message: Bystanding | 'stop') => {
  if (message === 'stop') isOver = true;
  else void watch(message).then((seen) => process.send?.(seen));
});

async function watch(address: Bystanding): Promise<Seen> {
  isOver = false;
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const times: number[] = [];
  const unsteered: string[] = [];

  async function client(): Promise<void> {
    while (!isOver) {
      const started = performance.now();
      try {
        const { status, body } = await send(address, '/mutate?timeout=2s', REVIEW, {
          agent,
          headers: { 'content-type': 'application/json' },
        });
        if (!body.includes(STEERED)) unsteered.push(`${status} ${body.slice(0, 200)}`);
      } catch (error) {
        unsteered.push(String(error));
      }
      const ms = performance.now() - started;
      times.push(ms);
      if (ms > 2_000) unsteered.push(`after ${Math.round(ms)} ms`);
      await sleep(PAUSE_MS);
    }
  }

  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.floor(times.length * share)] ?? 0);
  return { reviews: times.length, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1 - 1e-9), unsteered };
}
