import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What of one reading is not as it should be. */
interface Oddity {
  readonly zone?: string;
  readonly carbonIntensity?: unknown;
  readonly datetime?: string;
  readonly emissionFactorType?: string;
}

/** Answers a request for a zone's current value as no good provider does. */
export type Fault = (response: ServerResponse, zone: string) => void;

export interface Asked {
  readonly zone: string;
  readonly token: string | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface GridProvider extends AsyncDisposable {
  readonly url: string;
  /** Requests for current values. */
  readonly asked: readonly Asked[];
  /** Requests for the past. */
  readonly askedHistory: readonly Asked[];
  /** How many hours of the past it tells beside the current one; the last of its forecast. */
  pastHours: number;
  forecastHours: number;
  /** gCO2e/kWh by zone, where there are any: no other zone is known then. */
  readonly zones: Map<string, number>;
  /** Zones that are not here are answered well. */
  readonly faults: Map<string, Fault>;
  /** Those with other tokens are refused, where there is one. */
  token: string | undefined;
  /** gCO2e/kWh of every good answer about a zone that has no value of its own. */
  grams: number;
  /** By how much the value of an hour (since 1970) differs from that of now; as long as there is none, nothing changes. */
  offBy: ((hour: number) => number) | undefined;
  /** The hour, since 1970, that is the current one there; by default that of the clock. */
  hour: () => number;
}

const HOUR_MS = 3_600_000;

/** Speaks Electricity Maps' v3 (test/fixtures/intensity says where its form comes from) over real HTTP, with faults by zone. */
export async function startGridProvider(zones = new Map<string, number>()): Promise<GridProvider> {
  const asked: Asked[] = [];
  const askedHistory: Asked[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const zone = searchParams.get('zone') ?? '';
    const token = request.headers['auth-token'] as string | undefined;
    const isLatest = pathname.endsWith('/latest');
    if (isLatest) asked.push({ zone, token, at: Date.now() });
    if (pathname.endsWith('/history')) askedHistory.push({ zone, token, at: Date.now() });
    const fault = isLatest && provider.faults.get(zone);
    const isRefused = provider.token !== undefined && provider.token !== token;
    const answer = isRefused ? status(401) : isLatest ? answerNow(provider) : answerSeries(provider);
    (fault || answer)(response, zone);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const provider: GridProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    askedHistory,
    pastHours: 0,
    forecastHours: 2,
    zones,
    faults: new Map(),
    token: undefined,
    grams: 77,
    offBy: undefined,
    hour: () => Math.floor(Date.now() / HOUR_MS),
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
  return provider;
}

function reading(zone: string, carbonIntensity: unknown, oddity: Oddity = {}): object {
  const datetime = toTime(Math.floor(Date.now() / HOUR_MS));
  const quality = { emissionFactorType: 'lifecycle', isEstimated: false, estimationMethod: null };
  return { zone, carbonIntensity, datetime, updatedAt: datetime, ...quality, ...oddity };
}

function answerNow(provider: GridProvider): Fault {
  return (response, zone) => {
    const grams = gramsOf(provider, zone);
    if (grams === undefined) status(404)(response, zone);
    else send(response, reading(zone, grams, { datetime: toTime(provider.hour()) }));
  };
}

/** The value of now with those of the hours before, and of the hours to come. */
function answerSeries(provider: GridProvider): Fault {
  return (response, zone) => {
    const grams = gramsOf(provider, zone);
    if (grams === undefined) return status(404)(response, zone);
    const now = provider.hour();
    const off = (hour: number) => (provider.offBy?.(hour) ?? 0) - (provider.offBy?.(now) ?? 0);
    const rows = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, index) => first + index).map((hour) =>
        reading(zone, grams + off(hour), { datetime: toTime(hour) }),
      );
    const { pastHours, forecastHours } = provider;
    send(response, { zone, forecast: rows(now, now + forecastHours), history: rows(now - pastHours, now) });
  };
}

function toTime(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString();
}

function gramsOf({ zones, grams }: GridProvider, zone: string): number | undefined {
  return zones.size === 0 ? grams : zones.get(zone);
}

function send(response: ServerResponse, body: object | string): void {
  response.setHeader('content-type', 'application/json');
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** An answer that is good but for this. */
export function odd(oddity: Oddity): Fault {
  return (response, zone) => send(response, reading(zone, 77, oddity));
}

/** A good answer, as text that something happened to. */
export function garbled(garble: (json: string) => string): Fault {
  return (response, zone) => send(response, garble(JSON.stringify(reading(zone, 77))));
}

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Fault {
  return (response) => void response.writeHead(code, headers).end('{"error":"no"}');
}

export function html(response: ServerResponse): void {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>Please log in</title>');
}

/** A good answer after so many milliseconds. */
export function late(ms: number): Fault {
  return (response, zone) => {
    const timer = setTimeout(() => send(response, reading(zone, 77)), ms);
    response.on('close', () => clearTimeout(timer));
  };
}
