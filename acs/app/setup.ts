// The set-up of an ACS: the options of its process, and the parts that the process has opened.
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { KeptDays } from '../fleet/duties.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { ProviderOptions } from '../north/oidc/provider-configuration.ts';
import type { PageSource } from '../north/pages/operator-pages.ts';
import type { ClusterPlace } from '../relay/join.ts';
import type { AdmissionLimits } from '../south/admission/admission.ts';
import type { StunLogin } from '../south/connection-request/stun-binding.ts';
import type { ListenTls } from '../south/http/tls-options.ts';
import type { WireTap } from '../south/tracer.ts';
import type { Store } from '../store/store.ts';

export interface AcsSetup {
  clock: Clock;
  random: Random;
  log: Log;
  store: Store;
  /** 32 bytes. All other keys are derived from it, and stored secrets are sealed with it. */
  serverKey: Buffer;
  adminToken: string;
  cwmp: { url: URL }[];
  /** Absent in a worker, which only serves CPEs. */
  api?: URL;
  /** Base URL that CPEs use; default: the one that each CPE has used. */
  publicUrl?: string;
  tls: ListenTls;
  cpeAuth: 'required' | 'none';
  enrol: 'approve' | 'auto';
  /** Default: hold. */
  rebootstrap?: 'hold' | 'allow';
  enrolment?: { username: string; password: string };
  /** Most parameters that are kept of one device; default: 20,000. */
  maxParameters?: number;
  trustedProxies: string[];
  /** The certificate of its own CA (PEM), where it has one. */
  ca?: string | undefined;
  /** The operator's pages; undefined for a server without them. */
  pages?: PageSource | undefined;
  /** Networks of load balancers whose connections begin with a PROXY header; default: none. */
  proxyProtocol?: string[];
  connectionRequestAllow: string[];
  /** Private networks that webhooks may lead to, also over plain HTTP; default: none. */
  webhookAllow?: string[];
  /** The identity provider by which users may sign in. */
  oidc?: ProviderOptions;
  /** The receiver of the audit by syslog. */
  auditSyslog?: { host: string; port: number };
  /** Limits for running sessions and waiting Informs; default: those of the listener. */
  limits?: AdmissionLimits;
  /** The place among the processes on one store; absent for the only process. */
  cluster?: ClusterPlace;
  /** The processes that serve the CPEs instead of this one. */
  workers?: {
    /** @returns where they listen */
    start(fleet: Fleet): Promise<string[]>;
    metrics(): Promise<object[][]>;
    renew(certificates: ListenTls['certificates']): void;
    stop(): Promise<void>;
  };
  /** Retention of ended tasks and of the audit; default: 30 and 365 days. */
  keepDays?: KeptDays;
  /** Receives every envelope, secrets included unless `wireMasked`. */
  wire?: WireTap;
  wireMasked?: boolean;
  /** The STUN server. Without it no connection request is sent by UDP. */
  stun?: { host: string; port: number; login?: StunLogin };
}

/** A part of the running ACS. `close` runs before that of all parts built earlier. */
export interface Part {
  close(): Promise<void> | void;
}
