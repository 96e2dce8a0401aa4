#!/usr/bin/env -S node --max-semi-space-size=16
/** Nothing else is imported before the version is known: what follows does not even parse on an older Node. */
const WANTED: readonly [number, number] = [22, 19];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < WANTED[0] || (major === WANTED[0] && minor < WANTED[1])) {
  process.stderr.write(`gridgate needs Node ${WANTED.join('.')} or newer; this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  const { run } = await import('./commands/cli.ts');
  process.exitCode = await run(process.argv.slice(2), process.env);
}
