export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What the shells' scripts call, by the library that makes them. */
export const COMPLETION_SERVER = 'completion-server';

/** The same for kubectl, which calls no script of ours. */
export const KUBECTL_COMPLETION = 'completion-for-kubectl';
