import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** To be built. */
export async function completion(_program: Command, _shell: string): Promise<number> {
  throw new Error('not built yet');
}
