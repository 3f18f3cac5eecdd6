// The thirteen steps of the demo. Each acts as an operator or an installer would, then waits for what shows on the wire; `detail` holds
// what was observed, the returned text is the evidence in one line.
import type { Detail } from './observe.ts';
import { bootstrap } from './steps/bootstrap.ts';
import { call } from './steps/call.ts';
import { connectionRequest } from './steps/connection-request.ts';
import { discovery } from './steps/discovery.ts';
import { firmware } from './steps/firmware.ts';
import { periodic } from './steps/periodic.ts';
import { provision } from './steps/provision.ts';
import { reboot } from './steps/reboot.ts';
import { script } from './steps/script.ts';
import { sipTls } from './steps/sip-tls.ts';
import { tlsProfile } from './steps/tls-profile.ts';
import { trust } from './steps/trust.ts';
import { valueChange } from './steps/value-change.ts';
import type { DemoWorld } from './world.ts';

export interface StepReport {
  name: string;
  ok: boolean;
  ms: number;
  detail: Record<string, unknown>;
}

export interface Step {
  name: string;
  run(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string>;
}

export const story: readonly Step[] = [
  { name: 'discovery', run: discovery },
  { name: 'trust', run: trust },
  { name: 'bootstrap', run: bootstrap },
  { name: 'provision', run: provision },
  { name: 'tls-profile', run: tlsProfile },
  { name: 'script', run: script },
  { name: 'firmware', run: firmware },
  { name: 'reboot', run: reboot },
  { name: 'sip-tls', run: sipTls },
  { name: 'call', run: call },
  { name: 'periodic', run: periodic },
  { name: 'value-change', run: valueChange },
  { name: 'connection-request', run: connectionRequest },
];
