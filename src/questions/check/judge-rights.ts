import { nameFew } from '../../units/tell-few.ts';
import type { ClusterFacts } from './facts.ts';
import { about, type Finding } from './finding.ts';
import { APPLY } from './names.ts';

const MOST_NAMED = 5;

/** Whether each account may do what its role needs, as the API server's authorizer says. */
export function judgeRights({ rights }: ClusterFacts): readonly Finding[] {
  return rights.flatMap(({ account, roles, asked }) => {
    const check = 'RBAC';
    return about(check, asked, ({ count, missing }) => {
      const who = `the account ${account} (${roles.join(', ')})`;
      if (missing.length === 0)
        return [{ check, state: 'ok', says: `${who} may do all ${count} things that it needs` }];
      return [{ check, state: 'failed', says: `${who} may not ${nameFew(missing, MOST_NAMED, String)}`, todo: APPLY }];
    });
  });
}
