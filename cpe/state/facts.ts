// Facts that the CWMP agent of a unit keeps over a reboot or a power cut.

export type TransferState = 'queued' | 'running' | 'ended';

/** A transfer that the unit accepted or makes by itself (`Autonomous`): kept until its TransferComplete is answered. */
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
  /** The bytes are durable in the state directory; the installation follows, also after a power cut. */
  stored?: boolean;
  /** Number of bytes fetched. */
  size?: number;
  /** Origin of an autonomous transfer: `66`, `67`, `Generic`, `Specific`, `Image`, `Mfp`, `Export`. */
  origin?: string;
  /** The unit sends the file: autonomous transfers only. */
  upload?: true;
  /** Retries when the server is unreachable, -1 for ever: autonomous transfers only. */
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
  /** The unit sends the file. */
  upload?: true;
}

/** A download that the unit asks its ACS for (RequestDownload, TR-069 A.4.2.2). */
export interface DownloadRequest {
  fileType: string;
  args: { Name: string; Value: string }[];
}

/** Names of fields are those of the stored snapshot. */
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
  /** Files that the unit asked the ACS for, not yet answered. */
  wishes?: DownloadRequest[];
  /** A factory reset was promised: the next start begins with it, whatever happens in between. */
  resetDue?: true;
}
