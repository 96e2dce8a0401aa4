import { BEGINS_SCREEN, COLUMNS, SOON_READ, type Typed, wrapped } from './cast.ts';

const FONT = 13;
const LETTER = 7.85;
const LINE = 18;
const LEFT = 16;
const TOP = 46;
const WIDTH = Math.ceil(COLUMNS * LETTER + 2 * LEFT);
/** A command is typed within `aCommand`, however long it is. */
const SECONDS = { aCommand: 0.6, beforeOutput: 0.25, aScreen: 2, aLine: 0.16 } as const;
/** What a reader is to see first in an output. */
const LOUD: readonly (readonly [RegExp, 'good' | 'bad'])[] = [
  [/\d+ of \d+ run: .*$/, 'good'],
  [/Placing saves +\S+ \(\S+\)/, 'good'],
  [/eu-north-1 is down/, 'bad'],
  [/us-east-1 is at \d+/, 'bad'],
  [/above the limit of \d+/, 'bad'],
];

interface Row {
  readonly text: string;
  readonly kind: 'command' | 'output' | 'refusal';
  /** Seconds from the beginning. */
  readonly from: number;
  /** How long it takes to type. */
  readonly typing: number;
}

interface Screen {
  readonly rows: readonly Row[];
  readonly from: number;
  readonly until: number;
}

/**
 * A session as an SVG that plays by CSS alone, again and again, light or dark as its reader is. The first screen stands there from the first
 * frame on. Where nothing moves (no CSS, or somebody who wants no motion) it is the screen with a refusal, complete.
 */
export function renderSvg(session: readonly Typed[]): string {
  const screens = screensOf(session);
  const seconds = screens.at(-1)?.until ?? 1;
  const lines = Math.max(...screens.map(({ rows }) => rows.length));
  const height = TOP + lines * LINE + 8;
  const still = Math.max(
    0,
    screens.findIndex(({ rows }) => rows.some(({ text }) => text.startsWith('Error'))),
  );
  const drawn = screens.map((screen, index) => drawScreen(screen, index, index === still, seconds));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" font-family="monospace" font-size="${FONT}" xml:space="preserve" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="gridgate in a terminal: what it would do, a Deployment placed where electricity is clean, a pod refused, a region called down">`,
    `<style>${STYLE}\n${drawn.map(({ style }) => style).join('\n')}</style>`,
    `<rect class="window" fill="#fff" stroke="#d1d9e0" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    `<path class="rule" d="M0 28.5H${WIDTH}"/>`,
    `<circle class="dot" cx="18" cy="14.5" r="4.5"/><circle class="dot" cx="34" cy="14.5" r="4.5"/><circle class="dot" cx="50" cy="14.5" r="4.5"/>`,
    ...drawn.map(({ markup }) => markup),
    '</svg>',
    '',
  ].join('\n');
}

function screensOf(session: readonly Typed[]): readonly Screen[] {
  const screens: { rows: Row[]; from: number; until: number }[] = [];
  let now = 0;
  for (const { command, output } of session) {
    if (screens.length === 0 || BEGINS_SCREEN.has(command)) screens.push({ rows: [], from: now, until: now });
    const [screen] = screens.slice(-1);
    const { rows, until } = rowsOf({ command, output }, now);
    screen?.rows.push(...rows);
    now = until;
    if (screen) screen.until = now;
  }
  return screens;
}

/** The very first is there at once; others are typed. */
function rowsOf({ command, output }: Typed, from: number): { readonly rows: readonly Row[]; readonly until: number } {
  const typed = wrapped(`$ ${command}`);
  const typing = from === 0 ? 0 : SECONDS.aCommand / typed.length;
  const rows = typed.map((text, line): Row => ({ text, kind: 'command', from: from + line * typing, typing }));
  const shown = from + typing * typed.length + (from === 0 ? 0 : SECONDS.beforeOutput);
  const kind = output[0]?.startsWith('Error') ? 'refusal' : 'output';
  rows.push(...output.map((text): Row => ({ text, kind, from: shown, typing: 0 })));
  const read = SOON_READ.test(command) ? SECONDS.beforeOutput : SECONDS.aScreen + SECONDS.aLine * output.length;
  return { rows, until: shown + read };
}

function drawScreen({ rows, from, until }: Screen, index: number, isStill: boolean, seconds: number) {
  const at = (second: number) => `${((100 * second) / seconds).toFixed(3)}%`;
  const just = (second: number) => at(Math.max(0, second - 0.001));
  const styles = [
    `.s${index}{animation:s${index} ${seconds.toFixed(2)}s step-end infinite}`,
    `@keyframes s${index}{0%{opacity:${from === 0 ? 1 : 0}}${at(from)}{opacity:1}${at(until)}{opacity:0}}`,
  ];
  const drawn = rows.map(({ text, kind, from, typing }, row) => {
    const name = `${index}-${row}`;
    const y = TOP + row * LINE;
    styles.push(`.r${name}{animation:r${name} ${seconds.toFixed(2)}s step-end infinite}`);
    styles.push(`@keyframes r${name}{0%{opacity:0}${at(from)}{opacity:1}}`);
    if (typing > 0) {
      styles.push(`.c${name}{animation:c${name} ${seconds.toFixed(2)}s linear infinite}`);
      styles.push(
        `@keyframes c${name}{0%,${just(from)}{opacity:1;transform:none}${at(from + typing)},100%{opacity:1;transform:translateX(${Math.round(text.length * LETTER + LETTER)}px)}}`,
      );
    }
    const line = `<text class="${classOf(text, kind)} r${name}" x="${LEFT}" y="${y}">${markWords(text, kind)}</text>`;
    return typing > 0
      ? `${line}<rect class="cover c${name}" opacity="0" x="${LEFT}" y="${y - 14}" width="${WIDTH}" height="${LINE}"/>`
      : line;
  });
  const markup = `<svg class="screen s${index}${isStill ? ' still' : ''}" opacity="${isStill ? 1 : 0}" x="1" y="29" width="${WIDTH - 2}" height="${rows.length * LINE + 30}" viewBox="1 29 ${WIDTH - 2} ${rows.length * LINE + 30}">${drawn.join('\n')}</svg>`;
  return { style: styles.join('\n'), markup };
}

function classOf(text: string, kind: Row['kind']): string {
  if (kind === 'command') return 'typed';
  if (kind === 'refusal') return 'bad';
  return text === '...' ? 'said' : 'told';
}

function markWords(text: string, kind: Row['kind']): string {
  if (kind === 'command' && text.startsWith('$ ')) return `<tspan class="prompt">$</tspan>${escaped(text.slice(1))}`;
  if (kind === 'command') return escaped(text);
  return LOUD.reduce(
    (marked, [words, colour]) => marked.replace(words, `<tspan class="loud ${colour}">$&</tspan>`),
    escaped(text),
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const STYLE = `
svg{--paper:#fff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--good:#1a7f37;--bad:#cf222e}
@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#f0f6fc;--soft:#9198a1;--line:#3d444d;--good:#3fb950;--bad:#ff7b72}}
text{font:${FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;white-space:pre;fill:var(--soft)}
.window,.cover{fill:var(--paper)}.window,.rule{stroke:var(--line)}.dot{fill:var(--line)}
.typed{fill:var(--ink);font-weight:600}.told{fill:var(--ink)}.prompt,.good{fill:var(--good)}.bad{fill:var(--bad)}.loud{font-weight:700}
@media (prefers-reduced-motion:reduce){.screen,.screen *{animation:none!important}}`;
