import { networkInterfaces } from 'node:os';

/** An IPv4 address of this machine: Kubernetes takes no loopback address for an endpoint or a kubelet. Throws when there is none. */
export function hostAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found) throw new Error('this machine has no address but loopback');
  return found.address;
}
