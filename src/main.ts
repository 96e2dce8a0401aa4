#!/usr/bin/env node
/** Nothing else is imported before the version is known: what follows does not even parse on an older Node. */
const WANTED: readonly [number, number] = [22, 19];
/** Reviews are forgotten as soon as they are answered: as much room for new objects as Node takes by itself costs 100 MB and wins nothing. */
const YOUNG_HEAP = '--max-semi-space-size';
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < WANTED[0] || (major === WANTED[0] && minor < WANTED[1])) {
  process.stderr.write(`gridgate needs Node ${WANTED.join('.')} or newer; this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  if (process.argv[2] === 'serve' && !isSaid(YOUNG_HEAP)) startAgain(`${YOUNG_HEAP}=16`);
  const { run } = await import('./commands/cli.ts');
  process.exitCode = await run(process.argv.slice(2), process.env);
}

function isSaid(flag: string): boolean {
  return [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((said) => said.includes(flag));
}

/**
 * The same process from its beginning, with another flag; goes on without it where the system has no such thing. What the
 * compiler's threads give back stays in glibc's arena of each: with one for all, 6 MB less.
 */
function startAgain(flag: string): void {
  const args = [process.execPath, flag, ...process.execArgv, ...process.argv.slice(1)];
  try {
    process.execve?.(process.execPath, args, { MALLOC_ARENA_MAX: '1', ...process.env });
  } catch {}
}
