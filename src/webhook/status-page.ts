import { formatGrams } from '../decision/messages.ts';
import { REASONS } from '../decision/reasons.ts';
import type { RegionView, Snapshot } from '../regions/snapshot.ts';
import type { RecentDecision } from './recorder.ts';

/** The page at `/`: regions ranked, readings, outages, last decisions. Plain HTML, nothing to load. */
export function renderStatusPage(snapshot: Snapshot, recent: readonly RecentDecision[], now: number): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>gridgate</title>
<style>${STYLE}</style></head><body>
<h1>gridgate</h1>
<p>Snapshot of ${formatTime(snapshot.takenAt)}, policy signal ${snapshot.policySignal}.</p>
<h2>Regions, cleanest first</h2>
<table><thead><tr><th>Region<th>gCO2e/kWh<th>Band<th>Source<th>Age<th>Outage</thead><tbody>
${ranked(snapshot)
  .map((region) => regionRow(region, now))
  .join('\n')}
</tbody></table>
<h2>Last decisions</h2>
<table><thead><tr><th>Time<th>Namespace<th>Owner<th>Mode<th>Decision<th>Reason<th>Region</thead><tbody>
${recent.map(decisionRow).join('\n')}
</tbody></table></body></html>
`;
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1a1f1c;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dde3df}
td.number{text-align:right;font-variant-numeric:tabular-nums}.low{color:#0a6b35}.medium{color:#8a5a00}.high,.outage,.deny{color:#b3261e}
@media(prefers-color-scheme:dark){body{color:#e6ebe8;background:#121614}th,td{border-color:#2c3531}.low{color:#5fd38f}.medium{color:#f0b54a}.high,.outage,.deny{color:#ff8a80}}`;

function ranked({ regions }: Snapshot): readonly RegionView[] {
  const grams = (region: RegionView) => region.reading?.gramsPerKwh ?? Number.POSITIVE_INFINITY;
  return [...regions].sort((a, b) => grams(a) - grams(b) || (a.name < b.name ? -1 : 1));
}

function regionRow({ name, reading, band, outage }: RegionView, now: number): string {
  const age =
    reading?.measuredAt === undefined ? '' : `${Math.max(0, Math.round((now - reading.measuredAt) / 60_000))} min`;
  const down = outage?.active ? `<span class="outage">${escapeHtml(outage.reason ?? 'down')}</span>` : '';
  return `<tr><td>${escapeHtml(name)}<td class="number">${reading ? formatGrams(reading.gramsPerKwh) : 'unknown'}<td class="${band ?? ''}">${band ?? ''}<td>${escapeHtml(reading?.source ?? '')}<td>${age}<td>${down}`;
}

function decisionRow({ at, namespace, outcome }: RecentDecision): string {
  const { owner, mode, decision, reason, region = '' } = outcome;
  return `<tr><td>${formatTime(at)}<td>${escapeHtml(namespace)}<td>${escapeHtml(owner)}<td>${mode}<td class="${decision}">${decision}<td title="${escapeHtml(REASONS[reason])}">${reason}<td>${escapeHtml(region)}`;
}

function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
