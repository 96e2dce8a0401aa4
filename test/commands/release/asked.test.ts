import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOf, nameTarget, readAsked, waitingUnder } from '../../../src/commands/release/asked.ts';
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

  const FORMS: readonly (readonly [words: readonly string[], means: readonly string[]])[] = [
    [['job', 'train'], ['job/train']],
    [
      ['jobs.batch', 'train', 'other'],
      ['job/train', 'job/other'],
    ],
    [
      ['pod', 'etl', 'other'],
      ['pod/etl', 'pod/other'],
    ],
    [['CJ', 'nightly'], ['cronjob/nightly']],
    [
      ['etl', 'other'],
      ['pod/etl', 'pod/other'],
    ],
    [
      ['etl', 'job/train'],
      ['pod/etl', 'job/train'],
    ],
    [
      ['etl', 'job'],
      ['pod/etl', 'pod/job'],
    ],
  ];
  for (const [words, means] of FORMS)
    it(`takes ${words.join(' ')} for ${means.join(' and ')}, as kubectl does`, () => {
      const read = asked(words);
      assert.deepEqual('what' in read && read.what === 'named' && read.targets.map(nameTarget), means);
    });

  it('says what waits by a name, whatever kind was asked for', () => {
    const units = [podOf(owned('Job', 'train')), podOf(owned('Job', 'train')), NIGHTLY];
    assert.deepEqual(waitingUnder('train', units), ['job/train']);
    assert.deepEqual(waitingUnder('nightly', units), ['cronjob/nightly']);
    assert.deepEqual(waitingUnder('else', units), []);
  });

  const MISTAKES: readonly (readonly [words: readonly string[], given: Given, says: RegExp])[] = [
    [[], {}, /give the names of pods, jobs or cronjobs, or --overdue, or --all/],
    [['a'], { overdue: true }, /names and --overdue cannot stand together/],
    [[], { overdue: true, allWaiting: true }, /--overdue and --all cannot stand together/],
    [['Train'], {}, /"Train" names no object/],
    [['job/'], {}, /"job\/" names no object/],
    [['job'], {}, /"job\/" names no object; write POD, job\/NAME/],
    [['job', 'Train'], {}, /"job\/Train" names no object/],
    [['a'], { allNamespaces: true }, /--all-namespaces: means nothing beside names/],
    [['a'], { selector: 'app=x' }, /--selector: means nothing beside names/],
  ];
  for (const [words, given, says] of MISTAKES)
    it(`does not take ${JSON.stringify(words)} with ${JSON.stringify(given)}`, () => {
      const read = asked(words, given);
      assert.match('issues' in read ? read.issues.join() : '', says);
    });
});
