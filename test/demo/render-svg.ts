import { COLUMNS, GOES_ON, type Typed, wrapped } from './cast.ts';

const FONT = 13;
const LETTER = 7.85;
const LINE = 18;
const LEFT = 16;
const TOP = 46;
const WIDTH = Math.ceil(COLUMNS * LETTER + 2 * LEFT);
const SECONDS = { aLetter: 0.03, beforeOutput: 0.35, aScreen: 2.6, aLine: 0.22 } as const;

interface Row {
  readonly text: string;
  readonly kind: 'command' | 'output';
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

/** A session as an SVG that plays by CSS alone, again and again, light or dark as its reader is. Who wants no motion sees the screen with a refusal. */
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
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="gridgate in a terminal: what it would do, a Deployment placed where electricity is clean, a pod refused, a region called down">`,
    `<style>${STYLE}\n${drawn.map(({ style }) => style).join('\n')}</style>`,
    `<rect class="window" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    `<path class="rule" d="M0 28.5H${WIDTH}"/>`,
    `<circle class="dot" cx="18" cy="14.5" r="4.5"/><circle class="dot" cx="34" cy="14.5" r="4.5"/><circle class="dot" cx="50" cy="14.5" r="4.5"/>`,
    ...drawn.map(({ markup }) => markup),
    '</svg>',
    '',
  ].join('\n');
}

function screensOf(session: readonly Typed[]): readonly Screen[] {
  const screens: Screen[] = [];
  let rows: Row[] = [];
  let from = 0;
  let now = 0.6;
  for (const { command, output } of session) {
    for (const text of wrapped(`$ ${command}`)) {
      const typing = text.length * SECONDS.aLetter;
      rows.push({ text, kind: 'command', from: now, typing });
      now += typing;
    }
    now += SECONDS.beforeOutput;
    rows.push(...output.map((text): Row => ({ text, kind: 'output', from: now, typing: 0 })));
    if (GOES_ON.has(command)) {
      now += SECONDS.beforeOutput;
      continue;
    }
    now += SECONDS.aScreen + SECONDS.aLine * rows.length;
    screens.push({ rows, from, until: now });
    [rows, from] = [[], now];
    now += 0.3;
  }
  return screens;
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
        `@keyframes c${name}{0%,${just(from)}{transform:none}${at(from + typing)},100%{transform:translateX(${Math.round(text.length * LETTER + LETTER)}px)}}`,
      );
    }
    const line = `<text class="${classOf(text, kind)} r${name}" x="${LEFT}" y="${y}">${markPrompt(text, kind)}</text>`;
    return typing > 0
      ? `${line}<rect class="cover c${name}" x="${LEFT}" y="${y - 14}" width="${WIDTH}" height="${LINE}"/>`
      : line;
  });
  const markup = `<svg class="screen s${index}${isStill ? ' still' : ''}" x="1" y="29" width="${WIDTH - 2}" height="${rows.length * LINE + 30}" viewBox="1 29 ${WIDTH - 2} ${rows.length * LINE + 30}">${drawn.join('\n')}</svg>`;
  return { style: styles.join('\n'), markup };
}

function classOf(text: string, kind: Row['kind']): string {
  if (kind === 'command') return 'typed';
  if (text.startsWith('Error')) return 'bad';
  return /^(?:Pods|Placing saves|\s+gCO2e per hour|\s+Placing saves)/.test(text) ? 'good' : 'said';
}

function markPrompt(text: string, kind: Row['kind']): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return kind === 'command' && text.startsWith('$ ') ? `<tspan class="prompt">$</tspan>${escaped.slice(1)}` : escaped;
}

const STYLE = `
svg{--paper:#fff;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--good:#1a7f37;--bad:#cf222e}
@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#f0f6fc;--soft:#9198a1;--line:#3d444d;--good:#3fb950;--bad:#ff7b72}}
text{font:${FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;white-space:pre;fill:var(--soft)}
.window,.cover{fill:var(--paper)}.window,.rule{stroke:var(--line)}.dot{fill:var(--line)}
.typed{fill:var(--ink);font-weight:600}.prompt,.good{fill:var(--good)}.bad{fill:var(--bad)}
@media (prefers-reduced-motion:reduce){.screen,.screen *{animation:none!important}.screen{opacity:0}.still{opacity:1}.cover{display:none}}`;
