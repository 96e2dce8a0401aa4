import { html } from '../../page/html.ts';
import { STYLE } from '../../page/style.ts';
import { isoTime } from '../../units/moment.ts';
import { decisionsSection } from './decisions.ts';
import { forecastSection } from './forecast.ts';
import { headline } from './headline.ts';
import { healthSection } from './health.ts';
import { hashSource, REFRESH_SCRIPT } from './refresh.ts';
import { regionsSection } from './regions-table.ts';
import type { Status } from './status.ts';
import { waitingSection } from './waiting.ts';

/** Lets the page do what it does and nothing else: its own style and script by their hash, its own server for the refresh. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${hashSource(STYLE)}`,
  `script-src ${hashSource(REFRESH_SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page at `/`: complete without a script, with nothing to load from anywhere. */
export function renderPage(status: Status): string {
  const forecast = forecastSection(status);
  const waiting = waitingSection(status);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>gridgate</title>
<link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="60"></noscript>
<style>${{ markup: STYLE }}</style></head><body>
<header><h1>gridgate</h1>
<nav aria-label="Parts"><a href="#regions">Regions</a> <a href="#decisions">Decisions</a> <a href="#health">Health</a>
${waiting.markup !== '' && html`<a href="#waiting">Waiting</a> `}${forecast.markup !== '' && html`<a href="#forecast">Forecast</a> `}<a href="status.json">JSON</a></nav>
<p id="refresh" role="status"><noscript>refreshed every minute</noscript></p></header>
<main>
${headline(status)}
${regionsSection(status)}
${decisionsSection(status)}
${healthSection(status)}
${waiting}
${forecast}
<p class="hint">As of <time datetime="${isoTime(status.now)}">${isoTime(status.now)}</time></p>
</main>
<script>${{ markup: REFRESH_SCRIPT }}</script></body></html>
`.markup;
}
