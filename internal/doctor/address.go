package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// askFor is how long an address may take to answer.
const askFor = 10 * time.Second

// client follows no redirects: where an address sends browsers is something to know.
var client = &http.Client{Timeout: askFor, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// health asks for /health below an address. The answer is nil if nothing answered; strange says what answered instead of a
// desk.
func health(ctx context.Context, address string) (res *http.Response, strange string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/health", nil)
	if err != nil {
		return nil, "", err
	}
	res, err = client.Do(req) //nolint:bodyclose // closed below
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct{ Status string }
	raw, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return res, fmt.Sprintf("it sends browsers on to %s", res.Header.Get("Location")), nil
	case res.StatusCode != http.StatusOK:
		return res, fmt.Sprintf("it answers with %s", res.Status), nil
	case json.Unmarshal(raw, &answer) != nil || answer.Status != "success":
		return res, "something else than a desk answers", nil
	}
	return res, "", nil
}

// desk says whether a desk serves on this machine.
func (e *examination) desk(ctx context.Context) Finding {
	address := local(e.Config.Address)
	_, strange, err := health(ctx, address)
	switch {
	case err != nil:
		return warn("Start it, if it should run on this machine.", "no desk answers at %s", address)
	case strange != "":
		return fail("Stop that program, or give the desk another address.", "at %s: %s", address, strange)
	}
	e.running = true
	return good("it answers at %s", address)
}

// local returns where a desk that listens at an address is reached from its own machine.
func local(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// address tries the address by which browsers reach the desk.
func (e *examination) address(ctx context.Context) Finding {
	u, err := url.Parse(e.rootURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fail("Set root_url, or the address in Settings → General, to an address such as https://desk.example.com.", "%q is no address of a web site", e.rootURL)
	}
	res, strange, err := health(ctx, e.rootURL)
	switch {
	case err != nil && certificateFault(err):
		return fail("Renew the certificate, or have it made for this name. Browsers refuse it.", "%s: %s", e.rootURL, oneLine(reason(err)))
	case err != nil && !e.running:
		return warn("The desk does not run on this machine. Start it and look again.", "%s does not answer: %s", e.rootURL, oneLine(reason(err)))
	case err != nil:
		return fail("Check the name in DNS, the reverse proxy and the firewall. If browsers elsewhere reach the desk, this machine's network does not lead its own address back to it, which does no harm.",
			"%s does not answer from here: %s", e.rootURL, oneLine(reason(err)))
	case strange != "":
		return fail("Check the reverse proxy, and that the address in Settings → General is the one that people use.", "%s: %s", e.rootURL, strange)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return warn("Passwords cross the network in clear. Put a reverse proxy with a certificate before the desk and set root_url to https://… (docs/install.md).", "%s answers, without encryption", e.rootURL)
	}
	return expiring(res.TLS, good("%s answers", e.rootURL))
}

// soon is when a certificate should have been renewed.
const soon = 14 * 24 * time.Hour

func expiring(state *tls.ConnectionState, f Finding) Finding {
	if state == nil || len(state.PeerCertificates) == 0 {
		return f
	}
	if left := time.Until(state.PeerCertificates[0].NotAfter); left < soon {
		f.Status, f.Advice = Warning, "Renew the certificate."
		f.Found += fmt.Sprintf("; its certificate ends in %s", age(left))
	}
	return f
}

func certificateFault(err error) bool {
	var verification *tls.CertificateVerificationError
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &name) || errors.As(err, &unknown) || errors.As(err, &invalid)
}

// reason is an error of a request without the address, which is named already.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// cookies says whether the cookies of a sign-in fit the address.
func (e *examination) cookies(context.Context) Finding {
	u, err := url.Parse(e.rootURL)
	switch {
	case err != nil:
		return fail("See the address of the desk.", "the address cannot be read")
	case u.Scheme == "https" && e.Config.InsecureCookies:
		return warn("Take insecure_cookies out of the configuration and set root_url to the address with https://.", "they lack the mark Secure although the desk is reached by https")
	case u.Scheme == "http" && !e.Config.InsecureCookies && !loopback(u.Hostname()):
		return fail("Set root_url to the same address as in Settings → General.", "browsers drop them: they are marked Secure, and the desk is reached by http")
	case e.Config.InsecureCookies:
		return good("without the mark Secure, as it must be for http")
	}
	return good("with the mark Secure")
}
