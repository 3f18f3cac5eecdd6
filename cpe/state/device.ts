// A unit as its agent, its scripts and its web page see it. cpe/unit.ts implements this.
import type { X509Certificate } from 'node:crypto';
import type { Traffic } from '../../shared/capture/socket-watch.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import type { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { DhcpIdentity } from '../../shared/dhcp/options.ts';
import type { Log } from '../../shared/log.ts';
import type { Model } from '../../shared/model/definitions.ts';
import type { KeyLogger } from '../../shared/tls/keylog.ts';
import type { TlsPolicy, TlsService } from '../../shared/tls/profiles.ts';
import type { Revocation } from '../../shared/tls/revocation.ts';
import type { Notify } from '../notifications.ts';
import type { Configuration } from './configuration.ts';
import type { Transfer } from './facts.ts';
import type { SnapshotStore } from './snapshot.ts';

export interface UnitIdentity {
  manufacturer: string;
  oui: string;
  productClass: string;
  serialNumber: string;
  /** `0090f8000001`: 12 hexadecimal digits, lower case. */
  mac: string;
}

/** The content of a DHCP answer (TR-069 3.1, RFC 2132). */
export interface Lease {
  /** Option 43 sub-option 1 or option 125 sub-option 11. */
  acsUrl?: string;
  provisioningCode?: string;
  /** CWMPRetryMinimumWaitInterval, seconds. */
  retryMinimumWait?: number;
  /** CWMPRetryIntervalMultiplier, thousandths. */
  retryMultiplier?: number;
  /** The gateway that serves the unit (TR-069 Annex F). */
  gateway?: DhcpIdentity;
  /** Option 42. */
  ntpServers: string[];
  dnsServers: string[];
  /** Option 3: the first router. */
  router?: string;
  /** Option 15. */
  domainName?: string;
  address?: string;
  server: string;
  /** Locations of scripts: options 66 and 67, or the sub-options of these numbers in option 43; 66 first. */
  scripts?: { option: 66 | 67; value: string }[];
}

/** All inputs of one TLS handshake of a service, read at the moment of the handshake. */
export interface TlsSettings {
  policy: TlsPolicy;
  /** Cert.OthersCertificatesInfo. */
  roots: X509Certificate[];
  /** The host certificate associated with the service, PEM. */
  host?: { cert: string; key: string };
  /** The unit's own clock, milliseconds; undefined until SNTP has set it. */
  now: number | undefined;
  /** Receives the keys of the connection. */
  keylog?: KeyLogger | undefined;
  /** At a trust level above LocallyTrusted. */
  revocation?: Revocation | undefined;
  /** Opens the TCP connection while packets are captured. */
  dial?: Traffic['dial'] | undefined;
}

/** `unchanged`: the file is the one installed last from the same origin, so nothing was done. */
export type InstallOutcome = { status: 'applied' | 'reboot' | 'unchanged' };

/** The DHCP client of a unit. */
export interface LeaseSource {
  readonly lease: Lease | undefined;
  /** Asks DHCP again; keeps the old lease when no answer comes. */
  renew(): Promise<Lease | undefined>;
}

export interface DevicePower {
  /** Restarts the unit: services stop, pending changes take effect, a new agent starts with 1 BOOT. */
  reboot(cause: { commandKey?: string; reason: string }): Promise<void>;
  /** Returns to the customer profile, by a restart; the next session is [0 BOOTSTRAP, 1 BOOT]. */
  factoryReset(): Promise<void>;
}

export interface Device {
  readonly model: Model;
  readonly identity: UnitIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Address that the unit's sockets bind and connect from. */
  readonly address: string;
  readonly softwareVersion: string;
  readonly config: Configuration;
  /** The state that survives a power cut. */
  readonly state: SnapshotStore;
  readonly dhcp: LeaseSource;
  readonly power: DevicePower;

  /** The service was stopped alone: what it does rests until it starts again. */
  isStopped(service: string): boolean;
  /** Reports to the targets that the unit is configured with. */
  notify: Notify;
  /** The unit's own clock, milliseconds since the epoch; undefined until it was set. */
  now(): number | undefined;
  /** @param role `client` by default */
  tls(service: TlsService, role?: 'client' | 'server'): TlsSettings;

  /**
   * Installs a downloaded file by its TR-069 FileType.
   * @param origin of an autonomous transfer
   * @throws CwmpFault 9003 unknown type, 9018 corrupted or for another product, 9019, 9010 a script that failed
   */
  install(fileType: string, bytes: Buffer, target: string, origin?: string): Promise<InstallOutcome>;
  /** Content for an Upload. @throws CwmpFault 9003 */
  export(fileType: string): Promise<Buffer>;
  /** A transfer of the unit's own has ended: its service shows and reports the outcome. */
  transferEnded(transfer: Transfer, fault: CwmpFault | undefined): Promise<void>;
}
