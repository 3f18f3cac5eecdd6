// Options of the CWMP agent of one unit.
import type { Namespace } from '../../shared/cwmp/versions.ts';
import type { createHttp } from '../../shared/net/http.ts';
import type { FaultHook } from '../state/fault-hook.ts';
import type { OpenListener } from './connection-request/listener.ts';
import type { WireTap } from './session/acs-connection.ts';

export interface AgentOptions {
  /** The address at which connection requests are taken; port 0 is any. Absent: none are taken. */
  listen?: { host: string; port: number } | undefined;
  wire?: WireTap | undefined;
  /** Receives the head of every HTTP message of a session. */
  wireHead?: WireTap | undefined;
  /** One session, then nothing more: no transfers, no retry. */
  once?: boolean | undefined;
  /** Replaces the HTTP client on sockets. */
  http?: typeof createHttp | undefined;
  /** Replaces the listener for connection requests on sockets. */
  openListener?: OpenListener | undefined;
  faultHook?: FaultHook | undefined;
  /** Form of the Inform; default: cwmp-1-2 without version headers. */
  cwmp?: { namespace?: Namespace; supportedVersions?: string[] } | undefined;
  /** Sends GetRPCMethods to the ACS in each session and logs the answer. */
  askMethods?: boolean | undefined;
}
