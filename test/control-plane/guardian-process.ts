// Run by guardian.ts in a process of its own. Reads "+pid" and "-pid" lines until its stdin ends, which also happens
// when the test process is killed; then kills what is still listed and removes the folder.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const dir = process.argv[2];
if (dir === undefined) throw new Error('usage: guardian-process.ts <folder to remove at the end>');

const pids = new Set<number>();
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) pids.add(pid);
  else pids.delete(pid);
}

for (const pid of pids) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
// A killed process may still be writing for a moment, which makes a removal fail with ENOTEMPTY: hence the retries.
rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
