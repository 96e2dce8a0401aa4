import { readFileSync } from 'node:fs';

interface Copy {
  /** The stage it comes from; `undefined`: the build context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export interface Stage {
  /** Image with tag and digest. */
  readonly base: string;
  readonly copies: readonly Copy[];
  readonly runs: readonly string[];
  readonly user: string | undefined;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/** The stages of our Dockerfile, which uses no more than this reads. */
export function readDockerfile(): readonly Stage[] {
  const lines = readFileSync('Dockerfile', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const starts = lines.flatMap((line, index) => (line.startsWith('FROM ') ? [index] : []));
  return starts.map((start, index) => readStage(lines.slice(start, starts[index + 1])));
}

function readStage(lines: readonly string[]): Stage {
  const all = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const list = (word: string): readonly string[] => JSON.parse(all(word)[0] ?? '[]');
  return {
    base: all('FROM')[0]?.split(' ')[0] ?? '',
    copies: all('COPY').map(readCopy),
    runs: all('RUN'),
    user: all('USER')[0],
    workdir: all('WORKDIR')[0] ?? '/',
    entrypoint: list('ENTRYPOINT'),
    cmd: list('CMD'),
  };
}

function readCopy(line: string): Copy {
  const words = line.split(' ');
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}
