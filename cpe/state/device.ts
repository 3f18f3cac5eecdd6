// A gateway as its agent, its scripts, its services and its web page see it. gateway.ts implements this.
import type { X509Certificate } from 'node:crypto';
import type { Clock, Random } from '../../shared/clock.ts';
import type { ParameterAttribute, ParameterInfo, ParameterValue } from '../../shared/cwmp/methods.ts';
import type { Log } from '../../shared/log.ts';
import type { Model } from '../../shared/model/definitions.ts';
import type { TlsPolicy, TlsService } from '../../shared/tls/profiles.ts';

export interface UnitIdentity {
  manufacturer: string;
  oui: string;
  productClass: string;
  serialNumber: string;
  /** `0090f8000001`: 12 hexadecimal digits, lower case. */
  mac: string;
}

/** Who changes a value. Only changes that the ACS did not make itself are notified to it (TR-069 A.3.2.1). */
export type Source = 'acs' | 'script' | 'web' | 'unit';

export interface SetItem {
  /** Full TR-069 path. */
  name: string;
  value: string;
  /** xsi:type as sent (`xsd:string`), for strict type validation; absent where the source knows no types. */
  type?: string;
}

export interface Change {
  path: string;
  before: string;
  value: string;
}

/** What a DHCP answer taught the unit (TR-069 3.1, RFC 2132). */
export interface Lease {
  /** Option 43 sub-option 1 or option 125 sub-option 11. */
  acsUrl?: string;
  provisioningCode?: string;
  /** CWMPRetryMinimumWaitInterval, seconds. */
  retryMinimumWait?: number;
  /** CWMPRetryIntervalMultiplier, thousandths. */
  retryMultiplier?: number;
  /** Option 42. */
  ntpServers: string[];
  dnsServers: string[];
  address?: string;
  server: string;
  /** Where scripts are: options 66 and 67, or the sub-options of these numbers in option 43; 66 first. */
  scripts?: { option: 66 | 67; value: string }[];
}

export type TransferState = 'queued' | 'running' | 'ended';

/** A transfer that was accepted, or that the unit makes by itself (`Autonomous`): kept until its TransferComplete was answered. */
export interface Transfer {
  id: string;
  kind: 'Download' | 'ScheduleDownload' | 'Upload' | 'Autonomous';
  args: Record<string, unknown>;
  commandKey: string;
  state: TransferState;
  /** Not before this time (unit's host clock, milliseconds). */
  notBefore: number;
  fault?: { code: number; message: string };
  /** dateTime texts for TransferComplete. */
  startTime?: string;
  completeTime?: string;
  /** Bytes are safe in the state directory; the installation follows, also after a power cut. */
  stored?: boolean;
  /** Bytes that were fetched. */
  size?: number;
  /** What made the unit fetch it by itself: `66`, `67`, `Generic`, `Specific`. */
  origin?: string;
  /** How often an unreachable server is tried again, -1 for ever: autonomous ones only. */
  retries?: number;
}

/** A file that the unit fetches by itself. */
export interface OwnTransfer {
  origin: string;
  fileType: string;
  /** Without user name and password. */
  url: string;
  username: string;
  password: string;
  retries: number;
}

/** A download that the unit asks its ACS for (RequestDownload, TR-069 A.4.2.2). */
export interface DownloadWish {
  fileType: string;
  args: { Name: string; Value: string }[];
}

/** What the CWMP agent must not forget over a reboot or a power cut. */
export interface AgentFacts {
  /** ACS URL of the last successful bootstrap; '' means that the next Inform is a 0 BOOTSTRAP. */
  bootstrapped: string;
  /** Events not yet delivered, in order. */
  events: { EventCode: string; CommandKey: string }[];
  /** Paths with a change that the next Inform carries. */
  changed: string[];
  /** Failed attempts since the last successful session: RetryCount. */
  retries: number;
  transfers: Transfer[];
  scheduled: { at: number; commandKey: string }[];
  parameterKey: string;
  /** Software version of the last successful session: its change is notified even across a reboot. */
  reportedVersion: string;
  /** Asked of the ACS and not yet answered. */
  wishes?: DownloadWish[];
  /** A factory reset was promised: the next start begins with it, whatever happened in between. */
  resetDue?: true;
}

/** All that one TLS handshake of a service is decided by, read at the moment of the handshake. */
export interface TlsSettings {
  policy: TlsPolicy;
  /** Cert.OthersCertificatesInfo. */
  roots: X509Certificate[];
  /** The host certificate associated with the service, PEM. */
  host?: { cert: string; key: string };
  /** The unit's own clock, milliseconds; undefined until SNTP has set it. */
  now: number | undefined;
}

/** `unchanged`: it is what was installed last from there, so nothing was done. */
export type InstallOutcome = { status: 'applied' | 'reboot' | 'unchanged' };

export interface Device {
  readonly model: Model;
  readonly identity: UnitIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Address that the unit's sockets bind and connect from. */
  readonly address: string;
  readonly softwareVersion: string;

  /** The unit's own clock, milliseconds since the epoch; undefined until it was set. */
  now(): number | undefined;

  /** @throws CwmpFault 9005 */
  get(path: string): string;
  /** A DGW variable by its script name (`SipEp.TransportTlsVersion`, `SipEp.Gateway[Name=default].SecurePort`); undefined when there is none. */
  variable(name: string): string | undefined;
  /** Concrete path of a script name; undefined when there is none. */
  pathOf(name: string): string | undefined;
  /** Full name or partial path ('' is all), as GetParameterValues has it. @throws CwmpFault 9005 */
  read(path: string): ParameterValue[];
  /** A concrete path as the ACS wants to read it: with numbers or with aliases (TR-181 InstanceMode). */
  shown(path: string): string;
  /** GetParameterNames, TR-069 A.3.2.3. @throws CwmpFault 9003, 9005 */
  names(path: string, nextLevel: boolean): ParameterInfo[];
  /** @throws CwmpFault 9005 */
  attributes(path: string): ParameterAttribute[];
  setAttributes(items: { path: string; notification?: number; accessList?: string[] }[]): Promise<void>;

  /**
   * All or nothing: types and ranges, then the owning services' checks, then commit (durable), then apply.
   * @returns 0 applied, 1 some of it waits for a service restart or reboot
   * @throws CwmpFault 9003 with one entry per wrong parameter
   */
  set(items: SetItem[], source: Source, parameterKey?: string): Promise<0 | 1>;
  /** TR-069 A.3.2.6. @param path table path ending in a dot */
  add(path: string, source: Source, parameterKey?: string): Promise<{ instance: number; status: 0 | 1 }>;
  /** TR-069 A.3.2.7. @param path instance path ending in a dot */
  remove(path: string, source: Source, parameterKey?: string): Promise<0 | 1>;
  /** Called after each commit. @returns ends the watch */
  watch(listener: (changes: Change[], source: Source) => void): () => void;

  readonly facts: Readonly<AgentFacts>;
  /** Changes the agent's facts; durable when resolved. */
  record(change: (facts: AgentFacts) => void): Promise<void>;
  /** Makes everything done inside one durable write, made at its end. */
  together<T>(work: () => Promise<T>): Promise<T>;

  readonly lease: Lease | undefined;
  /** Asks DHCP again; keeps the old lease when no answer comes. */
  renewLease(): Promise<Lease | undefined>;

  tls(service: TlsService): TlsSettings;
  /** Sends a numbered notification through Nlm (syslog, local log), if its two gates let it pass. */
  notify(
    service: string,
    id: number,
    severity: 'Debug' | 'Info' | 'Warning' | 'Error' | 'Critical',
    message: string,
  ): void;

  /** Keeps bytes of a transfer in the state directory; they survive a power cut. */
  storeFile(id: string, bytes: Buffer): Promise<void>;
  storedFile(id: string): Promise<Buffer | undefined>;
  dropFile(id: string): Promise<void>;
  /** Installs a downloaded file by its TR-069 FileType. @param origin of an autonomous transfer. @throws CwmpFault 9003 unknown type, 9018 corrupted or for another product, 9019, 9010 a script that failed */
  install(fileType: string, bytes: Buffer, target: string, origin?: string): Promise<InstallOutcome>;
  /** Content for an Upload. @throws CwmpFault 9003 */
  export(fileType: string): Promise<Buffer>;

  /** Restarts the unit: services stop, pending changes take effect, the agent starts anew with 1 BOOT. */
  reboot(cause: { commandKey?: string; reason: string }): Promise<void>;
  /** Back to the customer profile, by a restart; the next session is [0 BOOTSTRAP, 1 BOOT]. */
  factoryReset(): Promise<void>;
}

export type Problem = (path: string, code: number, message: string) => void;
