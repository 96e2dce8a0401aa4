import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Who commits and when, so that the same commit comes out wherever it is made. */
const SAME_COMMIT = {
  GIT_AUTHOR_NAME: 'A Maintainer',
  GIT_AUTHOR_EMAIL: 'maintainer@example.com',
  GIT_AUTHOR_DATE: '2026-12-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'A Maintainer',
  GIT_COMMITTER_EMAIL: 'maintainer@example.com',
  GIT_COMMITTER_DATE: '2026-12-01T00:00:00Z',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** A repository of its own with our sources as they are now, and the packages of this checkout. */
export interface SourceTree {
  readonly directory: string;
  /** Answers what it prints; throws, with stderr in the message, where it exits with anything but 0. */
  run(command: string, ...args: readonly string[]): string;
}

export function copySources(directory: string): SourceTree {
  const files = globSync(
    ['*', '.npmrc', '.gitignore', '.dockerignore', '{src,manifests,certs}/**/*', 'test/structure/*', 'test/pages/*'],
    {
      withFileTypes: true,
    },
  );
  for (const file of files.filter((one) => one.isFile())) {
    const path = join(file.parentPath, file.name);
    mkdirSync(join(directory, dirname(path)), { recursive: true });
    cpSync(path, join(directory, path));
  }
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  function run(command: string, ...args: readonly string[]): string {
    const env = { PATH: process.env['PATH'], HOME: dirname(directory), ...SAME_COMMIT };
    return execFileSync(command, args, { cwd: directory, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
  run('git', 'init', '--quiet');
  run('git', 'add', '--all');
  run('git', 'commit', '--quiet', '--message=All');
  return { directory, run };
}
