// CWMP protocol versions and the namespaces that carry them (TR-069 3.7.4, A.6 Table 89).

/** Last part of `urn:dslforum-org:cwmp-…`. */
export type Namespace = '1-0' | '1-1' | '1-2' | '1-3' | '1-4';
export type Version = '1.0' | '1.1' | '1.2' | '1.3' | '1.4';

export const namespaces: readonly Namespace[] = ['1-0', '1-1', '1-2', '1-3', '1-4'];
export const versions: readonly Version[] = ['1.0', '1.1', '1.2', '1.3', '1.4'];

const PREFIX = 'urn:dslforum-org:cwmp-';
const byUri: ReadonlyMap<string, Namespace> = new Map(namespaces.map(namespace => [PREFIX + namespace, namespace]));

export function namespaceUri(namespace: Namespace): string {
  return PREFIX + namespace;
}

/** undefined for any other URI. */
export function namespaceOf(uri: string): Namespace | undefined {
  return byUri.get(uri);
}

/** The namespace of a version: 1.2, 1.3 and 1.4 share cwmp-1-2 (their schemas all target it). */
export function namespaceFor(version: Version): Namespace {
  return version === '1.0' ? '1-0' : version === '1.1' ? '1-1' : '1-2';
}

/** TR-069 3.7.4: the version that a CPE speaks, by its Inform. */
export function inferVersion(inform: {
  namespace: Namespace;
  sessionTimeout?: number;
  supportedVersions?: readonly string[];
}): Version {
  const common = chooseVersion(inform.supportedVersions ?? []);
  if (common) return common;
  if (inform.namespace === '1-2') return inform.sessionTimeout === undefined ? '1.2' : '1.3';
  return inform.namespace.replace('-', '.') as Version;
}

/** The highest version that we share with the offered ones; undefined when there is none. */
export function chooseVersion(offered: readonly string[]): Version | undefined {
  return versions.findLast(version => offered.includes(version));
}

/** True when a method of version `since` exists in this namespace. */
export function speaks(namespace: Namespace, since: Version): boolean {
  return namespace.slice(2) >= namespaceFor(since).slice(2);
}
