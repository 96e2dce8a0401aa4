import { MAX_GRAMS_PER_KWH } from '../regions/reading.ts';
import { GRAMS_PER_KWH_IN_LB_PER_MWH } from '../units/pounds-per-mwh.ts';
import type { Parsed } from './parsers.ts';

const MAX_LBS_PER_MWH = Math.floor(MAX_GRAMS_PER_KWH / GRAMS_PER_KWH_IN_LB_PER_MWH);
const NAME = /^[^\p{Cc}]{1,63}$/u;
const DECIMAL = /^\d+(\.\d+)?$/;

/**
 * Intensities in lbs/MWh by name, from `East US=1585,West US=865`. Names are free but for `,`, control characters and
 * 63 characters at most; they need not be regions of a cluster. Every mistake is named.
 */
export function parseLbsPerMwh(text: string): Parsed<ReadonlyMap<string, number>> {
  const value = new Map<string, number>();
  const mistakes: string[] = [];
  for (const pair of text.split(',')) {
    const at = pair.lastIndexOf('=');
    const name = pair.slice(0, Math.max(0, at)).trim();
    const quoted = JSON.stringify(pair.trim().slice(0, 80));
    const lbsPerMwh = readNumber(pair.slice(at + 1).trim());
    if (!NAME.test(name)) mistakes.push(`${quoted} does not begin with a name of 1 to 63 characters and =`);
    else if (lbsPerMwh === undefined) mistakes.push(`${quoted} has no value from 0 to ${MAX_LBS_PER_MWH}`);
    else if (value.has(name)) mistakes.push(`${quoted} is there twice`);
    else value.set(name, lbsPerMwh);
  }
  if (mistakes.length === 0) return { value };
  return { allowed: `NAME=VALUE in lbs/MWh such as "East US=1585" (${mistakes.join('; ')})` };
}

function readNumber(text: string): number | undefined {
  const value = Number(text);
  return DECIMAL.test(text) && value <= MAX_LBS_PER_MWH ? value : undefined;
}
