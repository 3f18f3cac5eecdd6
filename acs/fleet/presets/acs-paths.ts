// The parameters that name a device's ACS and its login there, on a DGW and in TR-069's own models.
import type { Wanted } from './desired.ts';

export const urlPath = (root: string): string => `${root}ManagementServer.URL`;
export const staticPath = (root: string): string => `${root}X_0090F8_Cwmp.AcsStaticUrl`;
export const sourcePath = (root: string): string => `${root}X_0090F8_Cwmp.AcsUrlConfigSource`;

/** Parameters that decide which ACS the device talks to: set last, and by themselves. */
export const acsPaths = (root: string): string[] => [urlPath(root), staticPath(root), sourcePath(root)];
/** Parameters by which the device authenticates at that ACS. */
export const loginPaths = (root: string): string[] => inBothNodes(root, ['Username', 'Password']);

/** Parameters by which a connection request authenticates at the device. */
export const connectionRequestPaths = (root: string): string[] =>
  inBothNodes(root, ['ConnectionRequestUsername', 'ConnectionRequestPassword']);

function inBothNodes(root: string, names: readonly string[]): string[] {
  return ['ManagementServer', 'X_0090F8_Cwmp'].flatMap(node => names.map(name => `${root}${node}.${name}`));
}

const roots = ['Device.', 'InternetGatewayDevice.'];
const anyAcsPath: ReadonlySet<string> = new Set(roots.flatMap(acsPaths));
const anyLoginPath: ReadonlySet<string> = new Set(roots.flatMap(loginPaths));

/** Paths that are not set with the rest: those that name the ACS, and with these the login for it. */
export function pathsSetApart(desired: Pick<Wanted, 'set'>): ReadonlySet<string> {
  const isMove = [...anyAcsPath].some(path => desired.set.has(path));
  return isMove ? new Set([...anyAcsPath, ...anyLoginPath]) : anyAcsPath;
}

/** The first of these paths that would take the device's login at this ACS away; none where they name another ACS too. */
export function strandingPath(paths: readonly string[]): string | undefined {
  return paths.some(path => anyAcsPath.has(path)) ? undefined : paths.find(path => anyLoginPath.has(path));
}
