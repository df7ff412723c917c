package netguard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/foyerdesk/foyer/internal/platform/netguard"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func TestOnlyPublicAddressesMayBeDialled(t *testing.T) {
	g := netguard.New(nil)
	for _, forbidden := range []string{
		"0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
		"ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "100::1", "fec0::1",
	} {
		if err := g.Check(netip.MustParseAddr(forbidden)); !errors.Is(err, netguard.ErrForbidden) {
			t.Errorf("%s: %v", forbidden, err)
		}
	}
	for _, open := range []string{"1.1.1.1", "9.255.255.255", "100.128.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255", "::ffff:8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"} {
		if err := g.Check(netip.MustParseAddr(open)); err != nil {
			t.Errorf("%s: %v", open, err)
		}
	}
	if err := g.Check(netip.Addr{}); err == nil {
		t.Error("no address at all is let through")
	}
	if err := (*netguard.Guard)(nil).Check(netip.MustParseAddr("127.0.0.1")); err == nil {
		t.Error("no guard lets everything through")
	}
}

func TestAllowedNetworksAreExceptions(t *testing.T) {
	g := netguard.New(append(loopback, netip.MustParsePrefix("10.2.0.0/16")))
	for _, ip := range []string{"127.0.0.1", "::ffff:127.0.0.1", "::1", "10.2.3.4", "1.1.1.1"} {
		if err := g.Check(netip.MustParseAddr(ip)); err != nil {
			t.Errorf("%s: %v", ip, err)
		}
	}
	for _, ip := range []string{"10.3.0.1", "169.254.169.254", "::ffff:10.3.0.1"} {
		if err := g.Check(netip.MustParseAddr(ip)); err == nil {
			t.Errorf("%s is let through", ip)
		}
	}
}

func TestTheAddressBehindANameIsWhatCounts(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		_, err := netguard.New(nil).Client(netguard.Limits{}).Get("http://" + host + ":" + port)
		if !errors.Is(err, netguard.ErrForbidden) {
			t.Errorf("%s: %v", host, err)
		}
	}
	res, err := netguard.New(loopback).Client(netguard.Limits{}).Get("http://127.0.0.1:" + port)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

func TestARedirectDoesNotLeadPastTheGuard(t *testing.T) {
	var posted int
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	mux.Handle("/inwards", http.RedirectHandler("http://10.0.0.1/", http.StatusFound))
	mux.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	mux.Handle("/file", http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	mux.Handle("/post", http.RedirectHandler("/taken", http.StatusTemporaryRedirect))
	mux.HandleFunc("/taken", func(http.ResponseWriter, *http.Request) { posted++ })
	c := netguard.New(loopback).Client(netguard.Limits{Redirects: 3})
	if _, err := c.Get(srv.URL + "/inwards"); !errors.Is(err, netguard.ErrForbidden) {
		t.Errorf("a redirect inwards: %v", err)
	}
	for _, path := range []string{"/round", "/file"} {
		if _, err := c.Get(srv.URL + path); err == nil {
			t.Errorf("%s was followed", path)
		}
	}
	res, err := c.Post(srv.URL+"/post", "text/plain", strings.NewReader("secret"))
	if err != nil || res.StatusCode != http.StatusTemporaryRedirect || posted > 0 {
		t.Errorf("a secret was posted on: %d times, %v", posted, err)
	}
	tls := httptest.NewTLSServer(http.RedirectHandler(srv.URL+"/plain", http.StatusFound))
	defer tls.Close()
	c.Transport = tls.Client().Transport
	if _, err := c.Get(tls.URL); err == nil || !strings.Contains(err.Error(), "not encrypted") {
		t.Errorf("from TLS to plain: %v", err)
	}
}

func TestABodyIsReadUpToItsLimit(t *testing.T) {
	const most = 1000
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.URL.Query().Get("n"), &n)
		_, _ = w.Write(make([]byte, n))
	}))
	defer srv.Close()
	c := netguard.New(loopback).Client(netguard.Limits{MaxBody: most})
	for n, want := range map[int]error{0: nil, most - 1: nil, most: nil, most + 1: netguard.ErrTooLarge, 50 * most: netguard.ErrTooLarge} {
		res, err := c.Get(fmt.Sprintf("%s/?n=%d", srv.URL, n))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if !errors.Is(err, want) || len(data) > most {
			t.Errorf("%d bytes: read %d, %v", n, len(data), err)
		}
	}
}

func TestOtherNetworksThanTCPAreRefused(t *testing.T) {
	if _, err := netguard.New(loopback).DialContext(context.Background(), "unix", "/run/docker.sock"); err == nil {
		t.Error("a socket file was dialled")
	}
}

func TestAConfiguredAddressIsHTTPWithAHost(t *testing.T) {
	for _, bad := range []string{"", "desk", "//host", "ftp://host", "javascript:alert(1)", "https://", "https:///path", "https://a:b@host", "http:host", "https://:80", "http://a\x00b"} {
		if _, err := netguard.ParseURL(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	for _, good := range []string{"https://id.example.com", "http://127.0.0.1:9/x?y", "https://[::1]/"} {
		if _, err := netguard.ParseURL(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// FuzzCheck looks that no way of writing an address makes an inward one public.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:127.0.0.1", "fe80::1%x", "64:ff9b::1.2.3.4", "2002::", "1.1.1.1", "010.0.0.1", "0x7f.1", ""} {
		f.Add(s)
	}
	g := netguard.New(nil)
	f.Fuzz(func(t *testing.T, s string) {
		ip, err := netip.ParseAddr(s)
		if err != nil {
			return
		}
		got := g.Check(ip)
		if (got == nil) != (g.Check(ip.Unmap().WithZone("")) == nil) {
			t.Errorf("%s is judged differently when written differently", s)
		}
		plain := ip.Unmap()
		if got == nil && (plain.IsPrivate() || plain.IsLoopback() || plain.IsLinkLocalUnicast() || plain.IsMulticast() || plain.IsUnspecified() || plain.IsInterfaceLocalMulticast()) {
			t.Errorf("%s is let through", s)
		}
		if plain.Is4() {
			mapped := netip.AddrFrom16(plain.As16())
			if (g.Check(mapped) == nil) != (got == nil) {
				t.Errorf("%s: mapped into IPv6 it is judged differently", s)
			}
		}
	})
}
