/** What a replica in a cluster does; each may have an account of its own. */
export const ROLES = ['webhook', 'controllers'] as const;
export type Role = (typeof ROLES)[number];
