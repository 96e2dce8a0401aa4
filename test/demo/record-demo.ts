/**
 * The demo of the README: `npm run record-demo` follows getting started on a fresh control plane, and writes what the shown commands print as
 * a recording of asciinema's format and as an SVG. `npm run record-demo -- --draw` only draws the SVG of the recording that is there.
 */
import { writeFileSync } from 'node:fs';
import { commandsToRun, nodesOfKind } from '../pages/getting-started.ts';
import { startPageCluster } from '../pages/page-cluster.ts';
import { GETTING_STARTED, REMOVAL } from '../pages/scenes.ts';
import { asShown, CAST, COLUMNS, DRAWN, RECORDED, readCast, sessionOf, type Typed, writeCast } from './cast.ts';
import { renderSvg } from './render-svg.ts';

if (!process.argv.includes('--draw')) writeFileSync(CAST, writeCast(await record()));
writeFileSync(DRAWN, renderSvg(sessionOf(readCast())));

async function record(): Promise<readonly Typed[]> {
  const commands = commandsToRun(GETTING_STARTED);
  const cluster = await startPageCluster(nodesOfKind());
  const session: Typed[] = [];
  try {
    for (const { text } of commands.slice(
      0,
      commands.findIndex((one) => one.text === REMOVAL),
    )) {
      const { stdout, stderr } = await cluster.run(text, { COLUMNS: String(COLUMNS) });
      if (RECORDED[session.length] === text)
        session.push({ command: text, output: asShown(textOf(text, stdout, stderr)) });
    }
  } finally {
    await cluster.stop();
  }
  if (session.length < RECORDED.length) throw new Error(`getting started has no ${RECORDED[session.length]}`);
  return session;
}

/** What a person reads first: a refusal where there is one; notes beside an answer are left out. */
function textOf(command: string, stdout: string, stderr: string): string {
  return command.startsWith('gridgate') || stderr === '' ? stdout : stdout + stderr;
}
