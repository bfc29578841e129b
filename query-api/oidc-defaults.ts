/**
 * oidc-defaults.ts: what is expected of an OpenID provider's tokens unless said otherwise. Apart from query-api/oidc.ts, so that the
 * configuration's page does not load jose.
 */
export const OIDC_DEFAULTS = {
  tenantClaim: "tenant",
  rolesClaim: "roles",
  operatorRole: "isotherm-operator",
  writeRole: "isotherm-write",
  clockToleranceSec: 30,
  scopes: "openid",
  sessionSec: 8 * 3600,
};
