import { type Html, html } from '../../page/html.ts';
import { STYLE } from '../../page/style.ts';
import { isoTime } from '../../units/moment.ts';
import { decisionsSection } from './decisions.ts';
import { forecastSection } from './forecast.ts';
import { headline } from './headline.ts';
import { hashSource, REFRESH_SCRIPT } from './refresh.ts';
import { regionsSection } from './regions-table.ts';
import { sourcesSection, watchesSection } from './sources.ts';
import type { Status } from './status.ts';

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
  const [forecast, sources] = [forecastSection(status), sourcesSection(status)];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>gridgate</title>
<link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="10"></noscript>
<style>${{ markup: STYLE }}</style></head><body>
<header><h1>gridgate</h1>
<nav><a href="#regions">Regions</a>${link(forecast, 'forecast', 'Forecast')}${link(sources, 'sources', 'Sources')}
<a href="#decisions">Decisions</a> <a href="status.json">JSON</a></nav>
<p id="refresh" role="status">refreshed every 10 s</p></header>
<main>
${headline(status)}
${regionsSection(status)}
${forecast}
<div class="pair">${sources}
${watchesSection(status)}</div>
${decisionsSection(status)}
<p class="hint">As of <time datetime="${isoTime(status.now)}">${isoTime(status.now)}</time></p>
</main>
<script>${{ markup: REFRESH_SCRIPT }}</script></body></html>
`.markup;
}

function link(section: Html, id: string, name: string): Html {
  return html`${section.markup !== '' && html` <a href="#${id}">${name}</a>`}`;
}
