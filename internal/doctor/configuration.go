package doctor

import (
	"net"
	"net/netip"
	"net/url"

	"github.com/foyerdesk/foyer/internal/platform/config"
)

// configuration warns of settings that work and are seldom meant.
func configuration(c config.Config, rootURL string) (out []Finding) {
	remark := func(key, found, advice string) {
		f := warn(advice, "%s", found)
		f.Name, f.Title = "configuration."+key, "Configuration"
		out = append(out, f)
	}
	secure := false
	if u, err := url.Parse(rootURL); err == nil {
		secure = u.Scheme == "https"
	}
	if secure && len(c.TrustedProxies) == 0 {
		remark("trusted_proxies", "no proxy is trusted, although the desk is reached by https", "Name the address of the reverse proxy in trusted_proxies. Otherwise everybody seems to come from the proxy: one who mistypes a password slows down all, and the activity log does not know from where.")
	}
	if everybody(c.TrustedProxies) {
		remark("trusted_proxies", "everybody is a trusted proxy", "Name only the addresses of your proxies in trusted_proxies: as it is, anybody can claim any address in the activity log and get around the limits of sign-ins.")
	}
	if everybody(c.OutboundAllow) {
		remark("outbound_allow", "addresses that administrators enter may be anywhere in your network", "Name only the networks that are needed in outbound_allow.")
	}
	if host, _, err := net.SplitHostPort(c.MetricsAddress); err == nil && open(host) {
		remark("metrics_address", "/metrics is served to every network, without sign-in", "Set metrics_address to a private address, such as 127.0.0.1:9100.")
	}
	if len(out) == 0 {
		f := good("nothing unusual")
		f.Name, f.Title = "configuration", "Configuration"
		out = append(out, f)
	}
	return out
}

func everybody(networks []string) bool {
	list, _ := config.Prefixes(networks) // they were read before
	for _, p := range list {
		if p.Bits() == 0 {
			return true
		}
	}
	return false
}

// open reports whether a host to listen on means every interface.
func open(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || (err == nil && ip.IsUnspecified())
}
