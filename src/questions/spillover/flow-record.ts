import { type Parser, parseNotNegative, parseRegionName, parseTime } from '../../config/parsers.ts';
import { quoted } from '../../decision/policy-annotations.ts';
import { type Flow, MOST_BYTES } from './flow.ts';

export const FLOW_FIELDS = ['from', 'to', 'bytes', 'start', 'end'] as const;
export type FlowField = (typeof FLOW_FIELDS)[number];

/** One row of a file as text; empty where it says nothing. */
export type FlowRecord = Readonly<Partial<Record<FlowField, string>>>;

/** What counts where a row says nothing. */
export interface FlowDefaults {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Epoch milliseconds: nothing flowed after it. */
  readonly now: number;
}

/** Reads a row; every mistake is a sentence. */
export function parseFlow(
  record: FlowRecord,
  { from, to, now }: FlowDefaults,
): { readonly flow: Flow } | { readonly mistakes: readonly string[] } {
  const mistakes: string[] = [];

  function read<T>(field: FlowField, parse: Parser<T>): T | undefined {
    const text = record[field]?.trim();
    if (text === undefined || text === '') return undefined;
    const parsed = parse(text);
    if ('value' in parsed) return parsed.value;
    mistakes.push(`${field}: ${quoted(text)} is not ${parsed.allowed}`);
    return undefined;
  }

  const flow = {
    from: read('from', parseRegionName) ?? from,
    to: read('to', parseRegionName) ?? to,
    bytes: read('bytes', parseNotNegative('bytes')),
    startMs: read('start', parseTime),
    endMs: read('end', parseTime),
  };
  if (mistakes.length > 0) return { mistakes };
  mistakes.push(...(isWhole(flow) ? contradictionsOf(flow, now) : missing(flow)));
  return isWhole(flow) && mistakes.length === 0 ? { flow } : { mistakes };
}

type Parts = { readonly [K in keyof Flow]?: Flow[K] | undefined };

function isWhole(parts: Parts): parts is Flow {
  const { from, to, bytes } = parts;
  return from !== undefined && to !== undefined && bytes !== undefined;
}

function missing({ from, to, bytes }: Parts): readonly string[] {
  return [
    ...(from === undefined ? ['from: is missing; name the region that failed, or give --region'] : []),
    ...(to === undefined ? ['to: is missing; name the region that the traffic moved to, or give --to'] : []),
    ...(bytes === undefined ? ['bytes: is missing; give a number of bytes from 0'] : []),
  ];
}

function contradictionsOf({ from, to, bytes, startMs, endMs }: Flow, now: number): readonly string[] {
  return [
    ...(from === to ? [`from and to: are both ${from}; traffic that stayed has not moved`] : []),
    ...(bytes > MOST_BYTES ? [`bytes: ${bytes} is more than all networks move in a year`] : []),
    ...(startMs !== undefined && endMs !== undefined && endMs <= startMs ? ['end: is not after start'] : []),
    ...(startMs !== undefined && startMs > now ? ['start: is in the future'] : []),
    ...(endMs !== undefined && endMs > now ? ['end: is in the future'] : []),
  ];
}
