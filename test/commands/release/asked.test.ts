import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOf, readAsked } from '../../../src/commands/release/asked.ts';
import type { ReleaseValues } from '../../../src/commands/release/options.ts';
import type { WaitingUnit } from '../../../src/commands/release/waiting-units.ts';

type Given = Partial<Pick<ReleaseValues, 'overdue' | 'allWaiting' | 'allNamespaces' | 'selector'>>;

function asked(words: readonly string[], given: Given = {}) {
  return readAsked(words, { overdue: false, allWaiting: false, allNamespaces: false, ...given } as ReleaseValues);
}

function owned(kind: string, name: string): object {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'argoproj.io/v1alpha1';
  return { ownerReferences: [{ apiVersion, kind, name, controller: true }] };
}

function podOf(owner: object = {}): WaitingUnit {
  return { kind: 'Pod', object: { metadata: { name: 'train-x2x9z', namespace: 'lab', ...owner } } };
}

const NIGHTLY: WaitingUnit = {
  kind: 'Job',
  object: { metadata: { name: 'nightly-29404800', namespace: 'lab', ...owned('CronJob', 'nightly') } },
};

describe('gridgate release', () => {
  const TARGETS: readonly (readonly [word: string, unit: WaitingUnit, isMeant: boolean])[] = [
    ['train-x2x9z', podOf(), true],
    ['pod/train-x2x9z', podOf(owned('Job', 'train')), true],
    ['po/train', podOf(owned('Job', 'train')), false],
    ['job/train', podOf(owned('Job', 'train')), true],
    ['jobs.batch/train', podOf(owned('Job', 'train')), true],
    ['cronjob/nightly', podOf(owned('Job', 'nightly-29404800')), true],
    ['job/nightly-29404800', podOf(owned('Job', 'nightly-29404800')), true],
    ['cj/nightly', NIGHTLY, true],
    ['job/nightly-29404800', NIGHTLY, true],
    ['job/nightly', NIGHTLY, false],
    ['workflow/etl', podOf(owned('Workflow', 'etl')), true],
    ['workflows.argoproj.io/etl', podOf(owned('Workflow', 'etl')), true],
    ['job/etl', podOf(owned('Workflow', 'etl')), false],
  ];
  for (const [word, unit, isMeant] of TARGETS)
    it(`takes ${word} for ${isMeant ? '' : 'another than '}a ${unit.kind} of ${JSON.stringify(unit.object.metadata.ownerReferences?.[0] ?? null)}`, () => {
      const read = asked([word]);
      assert.ok('what' in read && read.what === 'named');
      assert.equal(
        read.targets.some((target) => isOf(unit, target)),
        isMeant,
      );
    });

  const MISTAKES: readonly (readonly [words: readonly string[], given: Given, says: RegExp])[] = [
    [[], {}, /give the names of pods, jobs or cronjobs, or --overdue, or --all/],
    [['a'], { overdue: true }, /names and --overdue cannot stand together/],
    [[], { overdue: true, allWaiting: true }, /--overdue and --all cannot stand together/],
    [['Train'], {}, /"Train" names no object/],
    [['job/'], {}, /"job\/" names no object/],
    [['a'], { allNamespaces: true }, /--all-namespaces: means nothing beside names/],
    [['a'], { selector: 'app=x' }, /--selector: means nothing beside names/],
  ];
  for (const [words, given, says] of MISTAKES)
    it(`does not take ${JSON.stringify(words)} with ${JSON.stringify(given)}`, () => {
      const read = asked(words, given);
      assert.match('issues' in read ? read.issues.join() : '', says);
    });
});
