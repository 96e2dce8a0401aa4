import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../src/cluster/kube-object.ts';
import { toPendingPod } from '../../src/cluster/pending-pods.ts';
import { PERSISTENT_VOLUME_CLAIMS } from '../../src/cluster/persistent-volume-claims.ts';
import { persistentVolumes, placeTerms } from '../../src/cluster/persistent-volumes.ts';
import { createProjectionStore } from '../../src/cluster/projection-store.ts';
import { volumesOfPod } from '../../src/cluster/volumes-of-pod.ts';
import type { NodeSelectorTerm } from '../../src/decision/node-selector.ts';
import {
  expression,
  HOSTNAME_LABEL,
  makePod,
  onNode,
  REGION_LABEL,
  region,
  term,
  ZONE_LABEL,
  zone,
} from '../builders.ts';

const OLD_REGION = 'failure-domain.beta.kubernetes.io/region';
const OLD_ZONE = 'failure-domain.beta.kubernetes.io/zone';

interface VolumeParts {
  readonly terms?: readonly NodeSelectorTerm[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A volume as a provisioner writes it. */
function makeVolume(name: string, { terms, labels }: VolumeParts = {}): KubeObject {
  const spec = {
    capacity: { storage: '10Gi' },
    accessModes: ['ReadWriteOnce'],
    claimRef: { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data-web-0', uid: 'u' },
    csi: { driver: 'ebs.csi.aws.com', fsType: 'ext4', volumeHandle: 'vol-0abc' },
    persistentVolumeReclaimPolicy: 'Delete',
    ...(terms && { nodeAffinity: { required: { nodeSelectorTerms: terms } } }),
  };
  return { metadata: { name, resourceVersion: '7', ...(labels && { labels }) }, spec } as KubeObject;
}

function makeClaim(name: string, volumeName?: string, namespace = 'shop'): KubeObject {
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'gp3', ...(volumeName && { volumeName }) };
  return { metadata: { name, namespace }, spec, status: { phase: volumeName ? 'Bound' : 'Pending' } } as KubeObject;
}

describe('where a volume is', () => {
  const inZone = term(zone('In', 'eu-west-1a'));
  const inRegion = term(region('In', 'eu-west-1'));
  const atHetzner = term(expression('csi.hetzner.cloud/location', 'In', 'ash'));
  const inRack = term(expression('rack', 'In', '7'));
  const rows: readonly [name: string, parts: VolumeParts, terms: readonly NodeSelectorTerm[] | undefined][] = [
    ['NFS: anywhere', {}, undefined],
    [
      'EBS, migrated: zone and region',
      { terms: [term(zone('In', 'eu-west-1a'), region('In', 'eu-west-1'))] },
      [term(zone('In', 'eu-west-1a'), region('In', 'eu-west-1'))],
    ],
    ['a driver with a key of its own', { terms: [atHetzner] }, [atHetzner]],
    [
      'Azure disk CSI, several terms',
      { terms: [term(zone('In', 'eastus-1')), term(zone('In', 'eastus-2'))] },
      [term(zone('In', 'eastus-1')), term(zone('In', 'eastus-2'))],
    ],
    ['a disk of two zones', { terms: [term(zone('In', 'a', 'b'))] }, [term(zone('In', 'a', 'b'))]],
    [
      'local: a host',
      { terms: [term(expression(HOSTNAME_LABEL, 'In', 'node-1'))] },
      [term(expression(HOSTNAME_LABEL, 'In', 'node-1'))],
    ],
    ['a node by its name', { terms: [onNode('node-1')] }, [onNode('node-1')]],
    [
      'old names in terms',
      { terms: [term(expression(OLD_ZONE, 'In', 'eu-west-1a')), term(expression(OLD_REGION, 'In', 'eu-west-1'))] },
      [inZone, inRegion],
    ],
    ['other labels only', { terms: [inRack] }, [inRack]],
    ['one of its terms on other labels only', { terms: [inZone, inRack] }, [inZone, inRack]],
    [
      'other labels beside the zone',
      { terms: [term(expression('rack', 'In', '7'), zone('In', 'eu-west-1a'))] },
      [term(expression('rack', 'In', '7'), zone('In', 'eu-west-1a'))],
    ],
    [
      'NotIn keeps the zone beside it',
      { terms: [term(region('NotIn', 'us'), zone('In', 'a'))] },
      [term(region('NotIn', 'us'), zone('In', 'a'))],
    ],
    ['an empty term matches nothing', { terms: [{}, inZone] }, [inZone]],
    ['only an empty term', { terms: [{}] }, []],
    ['labels of its own', { labels: { [ZONE_LABEL]: 'eu-west-1a' } }, [inZone]],
    [
      'labels of its own, old',
      { labels: { [OLD_ZONE]: 'eu-west-1a', [OLD_REGION]: 'eu-west-1' } },
      [term(region('In', 'eu-west-1'), zone('In', 'eu-west-1a'))],
    ],
    ['a label of two zones', { labels: { [ZONE_LABEL]: 'a__b' } }, [term(zone('In', 'a', 'b'))]],
    [
      'labels and terms',
      { labels: { [ZONE_LABEL]: 'a' }, terms: [term(expression('rack', 'In', '7'))] },
      [term(expression('rack', 'In', '7'), zone('In', 'a'))],
    ],
    ['labels of others', { labels: { app: 'web' } }, undefined],
  ];
  for (const [name, parts, terms] of rows)
    it(name, () => assert.deepEqual(placeTerms(makeVolume('pv', parts), REGION_LABEL), terms));

  const keyed: readonly [name: string, label: string, regionLabel: string, key: string][] = [
    ['a label of the cluster', 'region', 'region', 'region'],
    ['the standard label under another one', REGION_LABEL, 'region', REGION_LABEL],
    ['the old label under another one: nodes carry the new', OLD_REGION, 'region', REGION_LABEL],
    ['the old label, which is the configured one', OLD_REGION, OLD_REGION, OLD_REGION],
  ];
  for (const [name, label, regionLabel, key] of keyed)
    it(`by the label that nodes carry: ${name}`, () => {
      const terms = placeTerms(makeVolume('pv', { terms: [term(expression(label, 'In', 'eu'))] }), regionLabel);
      assert.deepEqual(terms, [term(expression(key, 'In', 'eu'))]);
    });

  it('is kept once for all volumes of a place', () => {
    const { project } = persistentVolumes(REGION_LABEL);
    const [one, other] = ['pv-1', 'pv-2'].map((name) => project(makeVolume(name, { terms: [inZone] })));
    assert.ok(one?.terms);
    assert.equal(one, other);
    assert.equal(project(makeVolume('nfs-1')), project(makeVolume('nfs-2')));
  });
});

describe('the volumes of a pod', () => {
  const claims = createProjectionStore(PERSISTENT_VOLUME_CLAIMS);
  const volumes = createProjectionStore(persistentVolumes(REGION_LABEL));
  for (const name of ['pv-1', 'pv-2']) volumes.put(makeVolume(name, { terms: [term(zone('In', name))] }));
  volumes.put(makeVolume('nfs'));
  claims.put(makeClaim('data', 'pv-1'));
  claims.put(makeClaim('data', 'pv-2', 'other'));
  claims.put(makeClaim('logs', 'pv-2'));
  claims.put(makeClaim('shared', 'nfs'));
  claims.put(makeClaim('waiting'));
  claims.put(makeClaim('lost', 'gone'));

  const rows: readonly [name: string, claims: readonly string[], volumes: string][] = [
    ['no claim', [], ''],
    ['a bound claim', ['data'], 'data=pv-1'],
    ['two', ['logs', 'data'], 'logs=pv-2 data=pv-1'],
    ['a claim that waits for its first consumer', ['waiting'], ''],
    ['a claim that nobody knows', ['nobody'], ''],
    ['a volume that nobody knows', ['lost'], ''],
    ['a volume that is anywhere', ['shared', 'data'], 'data=pv-1'],
  ];
  for (const [name, names, expected] of rows)
    it(name, () => {
      const pod = makePod({ volumes: names.map((claimName) => ({ persistentVolumeClaim: { claimName } })) });
      const found = volumesOfPod('shop', pod, { claims, volumes });
      assert.equal(found.map(({ claim, volume }) => `${claim}=${volume}`).join(' '), expected);
      for (const { volume, terms } of found) assert.deepEqual(terms, [term(zone('In', volume))]);
    });

  it('those of a namesake elsewhere are others', () => {
    const pod = makePod({ volumes: [{ persistentVolumeClaim: { claimName: 'data' } }] });
    assert.equal(volumesOfPod('other', pod, { claims, volumes })[0]?.volume, 'pv-2');
    assert.deepEqual(volumesOfPod('none', pod, { claims, volumes }), []);
  });

  it('a claim that is bound later counts from then on', () => {
    const pod = makePod({ volumes: [{ persistentVolumeClaim: { claimName: 'later' } }] });
    claims.put(makeClaim('later'));
    assert.deepEqual(volumesOfPod('shop', pod, { claims, volumes }), []);
    claims.put(makeClaim('later', 'pv-1'));
    assert.equal(volumesOfPod('shop', pod, { claims, volumes })[0]?.volume, 'pv-1');
    claims.remove(makeClaim('later'));
    assert.deepEqual(volumesOfPod('shop', pod, { claims, volumes }), []);
  });
});

it('a pending pod keeps the claims it names, and of its volumes nothing else', () => {
  const volumes = [
    { name: 'a', persistentVolumeClaim: { claimName: 'data', readOnly: false } },
    { name: 'token', projected: { sources: [] } },
  ];
  const pod = { metadata: { name: 'p', namespace: 'n' }, spec: { containers: [], volumes } };
  assert.deepEqual(toPendingPod(pod).spec, { volumes: [{ persistentVolumeClaim: { claimName: 'data' } }] });
});
