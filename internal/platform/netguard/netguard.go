// Package netguard keeps requests to addresses that people configure — identity providers, webhooks, AI servers — or that mails name away
// from the network the desk itself stands in: whoever may type a URL must not be able to make the desk read a cloud's
// metadata service or an internal admin page for them.
//
// The guard judges the address that is being dialled, after names are resolved, so that neither a name that points
// inwards, nor one that changes its mind between two look-ups, nor a redirect gets past it. Networks that the operator
// allows (outbound_allow) are exceptions.
package netguard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// ErrForbidden is wrapped by the error of a connection to an address that is neither public nor allowed.
var ErrForbidden = errors.New("the address is not public and not allowed by outbound_allow")

// Guard decides which addresses may be dialled. The zero value, and a nil guard, allow public ones only.
type Guard struct {
	allow []netip.Prefix
}

// New returns a guard that allows public addresses and those in the given networks.
func New(allow []netip.Prefix) *Guard { return &Guard{allow: allow} }

// closed are the IPv4 networks that are no public hosts: the special-purpose registry (RFC 6890) and what came after,
// multicast and what is reserved. The single address is a metadata service that Azure keeps in public space.
var closed = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
	"168.63.129.16/32")

// Of IPv6 only the global unicast space is public (RFC 4291 §2.4), and in it neither the protocol assignments with
// Teredo (2001::/23), nor documentation (RFC 3849, RFC 9637), nor 6to4 (RFC 3056), which carries any IPv4 address.
var (
	global  = netip.MustParsePrefix("2000::/3")
	closed6 = prefixes("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16")
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: the last four bytes are an IPv4 address
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// Check returns nil if an address may be dialled, otherwise an error that wraps [ErrForbidden]. An IPv4 address written
// as IPv6 is judged as the IPv4 address that it is.
func (g *Guard) Check(ip netip.Addr) error {
	ip = ip.WithZone("").Unmap()
	if g != nil && within(ip, g.allow) {
		return nil
	}
	if !public(ip) {
		return fmt.Errorf("connect to %s: %w", ip, ErrForbidden)
	}
	return nil
}

func public(ip netip.Addr) bool {
	switch {
	case !ip.IsValid():
		return false
	case ip.Is4():
		return !within(ip, closed)
	case nat64.Contains(ip):
		b := ip.As16()
		return public(netip.AddrFrom4([4]byte(b[12:])))
	}
	return global.Contains(ip) && !within(ip, closed6)
}

func within(ip netip.Addr, networks []netip.Prefix) bool {
	for _, p := range networks {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// DialContext connects to a host and port unless its address is forbidden. Of a name with several addresses, those
// that are forbidden are passed over.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second, ControlContext: g.control}
	return d.DialContext(ctx, network, address)
}

// control is called with each resolved address before it is connected to.
func (g *Guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	switch network {
	case "tcp4", "tcp6":
	default:
		return fmt.Errorf("connect by %s: %w", network, ErrForbidden)
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %q: %w", address, ErrForbidden)
	}
	return g.Check(to.Addr())
}
