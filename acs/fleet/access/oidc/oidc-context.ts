// The context of signing in by an identity provider.
import type { FleetContext } from '../../common/context.ts';
import type { AccessContext } from '../roles.ts';

export type OidcContext = AccessContext &
  Pick<FleetContext, 'secrets'> & { ports: Pick<FleetContext['ports'], 'identityProvider'> };
