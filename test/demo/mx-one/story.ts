// The story of MX-ONE: the procedures of the vendor's VoIP security description (82/154 31-ANF 901 14), 5.1 and 5.2, with gateways that
// an ACS provisions for each policy. Each step acts as an operator would, then waits for what shows on the wire.
import type { Detail } from '../observe.ts';
import { secureCall, trunk } from './steps/call.ts';
import { certificates, srtp, terminals } from './steps/enable.ts';
import { allSecure, extensionException, noPolicy } from './steps/policies.ts';
import { extensions, gateways } from './steps/prepare.ts';
import { registerAnew, typeException, unregister } from './steps/register-anew.ts';
import type { MxOneWorld } from './world.ts';

export interface MxOneStep {
  name: string;
  run(world: MxOneWorld, detail: Detail, signal: AbortSignal): Promise<string>;
}

export const mxOneStory: readonly MxOneStep[] = [
  { name: 'extensions', run: extensions },
  { name: 'gateways', run: gateways },
  { name: 'srtp', run: srtp },
  { name: 'certificates', run: certificates },
  { name: 'terminals', run: terminals },
  { name: 'secure-call', run: secureCall },
  { name: 'trunk', run: trunk },
  { name: 'policy-2', run: extensionException },
  { name: 'policy-1', run: allSecure },
  { name: 'unregister', run: unregister },
  { name: 'register-anew', run: registerAnew },
  { name: 'policy-3', run: typeException },
  { name: 'no-policy', run: noPolicy },
];
