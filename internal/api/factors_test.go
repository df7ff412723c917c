package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/foyerdesk/foyer/internal/api"
	"github.com/foyerdesk/foyer/internal/desk/factor/factortest"
)

const ashaLogin = `{"email":"asha@example.com","password":"` + ashaPassword + `"}`

// clock stops the time of codes, so that a slow machine does not let them run out.
func (k *accessDesk) clock() *time.Time {
	now := time.Now()
	k.factors.Now = func() time.Time { return now }
	return &now
}

func (k *accessDesk) codeAt(secret string, at time.Time) string {
	k.Helper()
	code, err := totp.GenerateCode(secret, at)
	k.must(err)
	return code
}

// enrolTOTP sets up an authenticator app and returns its secret and the recovery codes.
func (b *browser) enrolTOTP(now *time.Time) (secret string, codes []any) {
	b.k.Helper()
	begun := b.want(200, http.MethodPost, "/agents/me/two-factor/totp", `{}`, `"qr_code":"data:image/svg+xml;base64,`, "otpauth://totp/Acme")
	secret = begun["secret"].(string)
	codes = b.want(200, http.MethodPost, "/agents/me/two-factor/totp/confirm", fmt.Sprintf(`{"code":%q}`, b.k.codeAt(secret, *now)))["recovery_codes"].([]any)
	*now = now.Add(30 * time.Second)
	return secret, codes
}

// enrolPasskey registers an authenticator.
func (b *browser) enrolPasskey(name string) *factortest.Authenticator {
	b.k.Helper()
	key := factortest.New("desk.test", "https://desk.test")
	asked := b.want(200, http.MethodPost, "/agents/me/passkeys/options", `{}`, `"residentKey":"required"`, `"userVerification":"required"`)
	b.want(200, http.MethodPost, "/agents/me/passkeys", signed(asked, key.Create, "name", name), `"name":"`+name+`"`)
	return key
}

// signed is the body that answers a question.
func signed(asked map[string]any, answer func(map[string]any) map[string]any, more ...string) string {
	body := map[string]any{"token": asked["token"], "credential": answer(asked["options"].(map[string]any))}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i]] = more[i+1]
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestPasswordAloneDoesNotSignInWhoHasASecondFactor(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		now := k.clock()
		plain := k.guest().send(http.MethodPost, api.Base+"/auth/login", ashaLogin).Body.String()
		if strings.Contains(plain, "two_factor") {
			k.Errorf("the answer to who has no second factor speaks of one: %s", plain)
		}
		secret, codes := k.signIn("asha@example.com", ashaPassword).enrolTOTP(now)
		if len(codes) != 10 {
			k.Errorf("%d recovery codes", len(codes))
		}
		if k.count(`SELECT count(*) FROM agent_totp WHERE secret LIKE 'enc:%'`) != 1 {
			k.Error("the secret is not encrypted")
		}
		b := k.guest()
		b.want(200, http.MethodPost, "/auth/login", ashaLogin, `"two_factor_required":true`, `"methods":["totp","recovery_code"]`)
		if b.cookies["libredesk_session"] != nil {
			k.Error("a session before the second factor")
		}
		b.want(401, http.MethodGet, "/agents/me", ``)
		b.cookies["libredesk_session"] = &http.Cookie{Name: "libredesk_session", Value: b.cookies["foyer_two_factor"].Value}
		b.want(401, http.MethodGet, "/agents/me", ``)
		delete(b.cookies, "libredesk_session")
		b.want(200, http.MethodGet, "/auth/two-factor", ``, `"totp"`)
		code := k.codeAt(secret, *now)
		b.want(400, http.MethodPost, "/auth/two-factor", `{"code":"000000x"}`, `"field":"code"`)
		b.want(400, http.MethodPost, "/auth/two-factor", `{}`, `"field":"code"`)
		waiting := b.cookies["foyer_two_factor"]
		b.want(200, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"code":%q}`, code[:3]+" "+code[3:]), `"email":"asha@example.com"`)
		b.want(200, http.MethodGet, "/agents/me", ``)

		again := k.guest()
		again.cookies["foyer_two_factor"] = waiting
		again.want(400, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"code":%q}`, k.codeAt(secret, now.Add(30*time.Second))), "over")
		again.want(200, http.MethodPost, "/auth/login", ashaLogin)
		again.want(400, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"code":%q}`, code), "used already")
		again.want(400, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"code":%q}`, k.codeAt(secret, now.Add(-30*time.Second))))
		again.want(400, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"code":%q}`, k.codeAt(secret, now.Add(60*time.Second))))
		again.want(200, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"code":%q}`, k.codeAt(secret, now.Add(30*time.Second))))
		if k.audited("agent_login_failed", k.asha, k.asha) != 4 || k.audited("agent_two_factor_enabled", k.asha, k.asha) != 1 {
			k.Error("not audited")
		}
	})
}

func TestRecoveryCodeWorksOnce(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		now := k.clock()
		b := k.signIn("asha@example.com", ashaPassword)
		_, codes := b.enrolTOTP(now)
		body := fmt.Sprintf(`{"recovery_code":%q}`, " "+strings.ToUpper(codes[3].(string)))
		for i, want := range []int{200, 400} {
			g := k.guest()
			g.want(200, http.MethodPost, "/auth/login", ashaLogin)
			g.want(want, http.MethodPost, "/auth/two-factor", body)
			if i == 0 {
				g.want(200, http.MethodGet, "/agents/me/two-factor", ``, `"recovery_codes_left":9`)
			}
		}
		if k.count(`SELECT count(*) FROM agent_recovery_codes WHERE code_hash LIKE '%'||$1||'%'`, codes[0]) != 0 {
			k.Error("a recovery code is stored as it is")
		}
		b.want(400, http.MethodPost, "/agents/me/two-factor/recovery-codes", `{}`, "password")
		b.want(400, http.MethodPost, "/agents/me/two-factor/recovery-codes", `{"password":"wrong"}`)
		fresh := b.want(200, http.MethodPost, "/agents/me/two-factor/recovery-codes", `{"password":"`+ashaPassword+`"}`)["recovery_codes"].([]any)
		g := k.guest()
		g.want(200, http.MethodPost, "/auth/login", ashaLogin)
		g.want(400, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"recovery_code":%q}`, codes[5]))
		g.want(200, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"recovery_code":%q}`, fresh[5]))
	})
}

func TestWrongCodesSlowDownAndEndTheWait(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		now := k.clock()
		secret, _ := k.signIn("asha@example.com", ashaPassword).enrolTOTP(now)
		b := k.guest()
		b.want(200, http.MethodPost, "/auth/login", ashaLogin)
		for range 6 {
			b.want(400, http.MethodPost, "/auth/two-factor", `{"code":"no"}`)
		}
		right := func() string { return fmt.Sprintf(`{"code":%q}`, k.codeAt(secret, *now)) }
		b.want(429, http.MethodPost, "/auth/two-factor", right())
		other := k.guest()
		other.want(200, http.MethodPost, "/auth/login", ashaLogin)
		other.want(429, http.MethodPost, "/auth/two-factor", right())
		for range 4 { // each wait is longer than the one before, and far shorter than the patience of the sign-in
			*now = now.Add(100 * time.Second)
			b.want(400, http.MethodPost, "/auth/two-factor", `{"code":"no"}`, `"field":"code"`)
		}
		*now = now.Add(100 * time.Second)
		b.want(400, http.MethodPost, "/auth/two-factor", right(), "over")
		other.want(200, http.MethodPost, "/auth/two-factor", right())

		late := k.guest()
		late.want(200, http.MethodPost, "/auth/login", ashaLogin)
		*now = now.Add(11 * time.Minute)
		late.want(400, http.MethodPost, "/auth/two-factor", right(), "over")
		late.want(200, http.MethodGet, "/auth/two-factor", ``, `"two_factor_required":false`, `"methods":[]`)
	})
}

func TestNewPasswordEndsAWaitingSignIn(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		now := k.clock()
		secret, _ := k.signIn("asha@example.com", ashaPassword).enrolTOTP(now)
		b := k.guest()
		b.want(200, http.MethodPost, "/auth/login", ashaLogin)
		k.system().want(200, http.MethodPut, fmt.Sprintf("/agents/%d", k.asha),
			`{"first_name":"Asha","email":"asha@example.com","roles":["Agent"],"enabled":true,"availability_status":"offline","new_password":"An0ther!Passw0rd"}`)
		b.want(400, http.MethodPost, "/auth/two-factor", fmt.Sprintf(`{"code":%q}`, k.codeAt(secret, *now)), "over")
	})
}

func TestRequiredFactorConfinesASessionUntilItIsSetUp(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		now := k.clock()
		admin, b := k.system(), k.signIn("asha@example.com", ashaPassword)
		key := admin.want(200, http.MethodPost, fmt.Sprintf("/agents/%d/api-key", k.asha), ``)
		b.want(403, http.MethodPut, "/roles/1/two-factor", `{"require_two_factor":true}`)
		admin.want(200, http.MethodPut, "/roles/1/two-factor", `{"require_two_factor":true}`, `"require_two_factor":true`)
		confined := func(b *browser) {
			k.Helper()
			b.want(200, http.MethodGet, "/agents/me", ``, `"two_factor_setup_required":true`)
			b.want(403, http.MethodGet, "/agents/compact", ``, "PermissionException")
			b.want(403, http.MethodPut, "/agents/me/availability", `{"status":"online"}`)
		}
		confined(b)
		fresh := k.guest()
		fresh.want(200, http.MethodPost, "/auth/login", ashaLogin, `"two_factor_setup_required":true`, `"email":"asha@example.com"`)
		confined(fresh)
		token := fmt.Sprintf("token %s:%s", key["api_key"], key["api_secret"])
		b.check(k.guest().send(http.MethodGet, api.Base+"/agents/compact", ``, "Authorization", token), 200, "an API key")
		for _, path := range []string{"/agents/me/two-factor/totp", "/agents/me/passkeys/options", "/agents/me/two-factor/proof"} {
			b.check(k.guest().send(http.MethodPost, api.Base+path, `{"password":"`+ashaPassword+`"}`, "Authorization", token), 400, "an API key "+path)
		}
		fresh.enrolTOTP(now)
		fresh.want(200, http.MethodGet, "/agents/compact", ``)
		b.want(200, http.MethodGet, "/agents/compact", ``)

		// The Admin role, and with it the System user, can be asked too.
		admin.want(200, http.MethodPut, "/roles/2/two-factor", `{"require_two_factor":true}`)
		confined(admin)
		admin.enrolPasskey("Laptop")
		admin.want(200, http.MethodGet, "/agents", ``)
		if k.audited("role_updated", 1, 2) != 1 {
			k.Error("not audited")
		}
	})
}

func TestFactorIsAddedOnlyInAFreshSessionOrByProof(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		now := k.clock()
		b := k.signIn("asha@example.com", ashaPassword)
		*now = now.Add(11 * time.Minute)
		for _, path := range []string{"/agents/me/two-factor/totp", "/agents/me/passkeys/options"} {
			b.want(400, http.MethodPost, path, `{}`, `"field":"password"`)
			b.want(400, http.MethodPost, path, `{"password":"wrong"}`)
			b.want(200, http.MethodPost, path, `{"password":"`+ashaPassword+`"}`)
		}
	})
}

func TestFactorsAreRemovedOnlyByProof(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		now := k.clock()
		b := k.signIn("asha@example.com", ashaPassword)
		secret, _ := b.enrolTOTP(now)
		key := b.enrolPasskey("Laptop")
		second := b.enrolPasskey("Phone")
		b.want(409, http.MethodPost, "/agents/me/two-factor/totp", `{}`)
		id := k.count(`SELECT id FROM agent_passkeys WHERE name = 'Laptop'`)
		remove := fmt.Sprintf("/agents/me/passkeys/%d/remove", id)
		b.want(400, http.MethodPost, remove, `{}`)
		b.want(400, http.MethodPost, "/agents/me/two-factor/totp/remove", `{"code":"123"}`)
		system := k.system()
		system.want(404, http.MethodPost, remove, `{"password":"`+systemPassword+`"}`)
		system.want(404, http.MethodPut, fmt.Sprintf("/agents/me/passkeys/%d", id), `{"name":"Mine"}`)
		b.want(200, http.MethodPut, fmt.Sprintf("/agents/me/passkeys/%d", id), `{"name":"Old laptop"}`, "Old laptop")
		if n := k.count(`SELECT count(*) FROM activity_logs WHERE activity_type = 'agent_passkey_renamed'`); n != 1 {
			t.Errorf("%d entries of the new name", n)
		}
		theirs := system.enrolPasskey("System's")

		proof := func(key *factortest.Authenticator) string {
			return `{"passkey":` + signed(b.want(200, http.MethodPost, "/agents/me/two-factor/proof", `{}`), key.Get) + `}`
		}
		b.want(400, http.MethodPost, remove, proof(theirs), `"field":"credential"`)
		used := proof(second)
		b.want(200, http.MethodPost, remove, used)
		b.want(400, http.MethodPost, "/agents/me/two-factor/totp/remove", used, "over")
		b.want(200, http.MethodPost, "/agents/me/two-factor/totp/remove", fmt.Sprintf(`{"code":%q}`, k.codeAt(secret, *now)))
		b.want(200, http.MethodGet, "/agents/me/two-factor", ``, `"totp":false`, `"enabled":true`, `"recovery_codes_left":10`, `"name":"Phone"`)
		g := k.guest()
		g.want(400, http.MethodPost, "/auth/passkey", signed(g.want(200, http.MethodPost, "/auth/passkey/options", `{}`), key.Get))
		last := k.count(`SELECT id FROM agent_passkeys WHERE name = 'Phone'`)
		b.want(200, http.MethodPost, fmt.Sprintf("/agents/me/passkeys/%d/remove", last), `{"password":"`+ashaPassword+`"}`)
		b.want(200, http.MethodGet, "/agents/me/two-factor", ``, `"enabled":false`, `"recovery_codes_left":0`)
		k.signIn("asha@example.com", ashaPassword).want(200, http.MethodGet, "/agents/me", ``)
	})
}

func TestPasskeySignsInByItself(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		k.clock()
		key := k.signIn("asha@example.com", ashaPassword).enrolPasskey("Laptop")
		g := k.guest()
		g.want(200, http.MethodPost, "/auth/login", ashaLogin, `"methods":["passkey","recovery_code"]`)
		ask := func() map[string]any {
			return g.want(200, http.MethodPost, "/auth/passkey/options", `{}`, `"rpId":"desk.test"`)
		}
		body := signed(ask(), key.Get)
		g.want(200, http.MethodPost, "/auth/passkey", body, `"email":"asha@example.com"`)
		g.want(200, http.MethodGet, "/agents/me", ``)

		refuse := func(what, body string) {
			k.Helper()
			g := k.guest()
			w := g.send(http.MethodPost, api.Base+"/auth/passkey", body)
			if w.Code != 400 || g.cookies["libredesk_session"] != nil {
				k.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
		refuse("a challenge that was used", body)
		other := ask()
		refuse("another challenge's answer", signed(map[string]any{"token": other["token"], "options": ask()["options"]}, key.Get))
		lie := func(what string, change func(a *factortest.Authenticator)) {
			k.Helper()
			liar := *key
			change(&liar)
			refuse(what, signed(ask(), liar.Get))
		}
		lie("another origin", func(a *factortest.Authenticator) { a.Origin = "https://evil.test" })
		lie("another site", func(a *factortest.Authenticator) { a.RPID = "evil.test" })
		lie("no user verification", func(a *factortest.Authenticator) { a.Flags = factortest.UserPresent })
		lie("another agent's handle", func(a *factortest.Authenticator) { a.Handle = []byte{0, 0, 0, 0, 0, 0, 0, 1} })
		lie("a counter that went back", func(a *factortest.Authenticator) { a.Count = 0 })
		stranger := factortest.New("desk.test", "https://desk.test")
		stranger.ID, stranger.Handle, stranger.Count = key.ID, key.Handle, 100
		refuse("another key", signed(ask(), stranger.Get))
		asked := k.system().want(200, http.MethodPost, "/agents/me/two-factor/proof", `{}`)
		refuse("a challenge for something else", signed(asked, key.Get))
		for _, rubbish := range []string{`{}`, `{"token":"x","credential":7}`, `{"credential":{}}`, `null`} {
			refuse(rubbish, rubbish)
		}
		key.Count = 50
		g.want(200, http.MethodPost, "/auth/passkey", signed(ask(), key.Get))
		k.system().want(200, http.MethodPut, fmt.Sprintf("/agents/%d", k.asha),
			`{"first_name":"Asha","email":"asha@example.com","roles":["Agent"],"enabled":false,"availability_status":"offline"}`)
		g.want(403, http.MethodPost, "/auth/passkey", signed(ask(), key.Get))
	})
}

func TestPasskeyOfOneAgentIsNotAddedForAnother(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		k.clock()
		b, system := k.signIn("asha@example.com", ashaPassword), k.system()
		asked := b.want(200, http.MethodPost, "/agents/me/passkeys/options", `{}`)
		key := factortest.New("desk.test", "https://desk.test")
		body := signed(asked, key.Create, "name", "X")
		system.want(400, http.MethodPost, "/agents/me/passkeys", body, "over")
		b.want(400, http.MethodPost, "/agents/me/passkeys", body, "over")
		again := b.want(200, http.MethodPost, "/agents/me/passkeys/options", `{}`)
		b.want(400, http.MethodPost, "/agents/me/passkeys", signed(again, key.Create, "name", " "), `"field":"name"`)
		b.want(200, http.MethodPost, "/agents/me/passkeys", signed(again, key.Create, "name", "X"))
		mine := system.want(200, http.MethodPost, "/agents/me/passkeys/options", `{}`)
		system.want(400, http.MethodPost, "/agents/me/passkeys", signed(mine, key.Create, "name", "X"), `"field":"credential"`)
	})
}

func TestResetTakesFactorsAndSessions(t *testing.T) {
	eachAccessDesk(t, func(k *accessDesk) {
		now := k.clock()
		b := k.signIn("asha@example.com", ashaPassword)
		b.enrolTOTP(now)
		b.enrolPasskey("Laptop")
		path := fmt.Sprintf("/agents/%d/two-factor", k.asha)
		b.want(403, http.MethodDelete, path, ``)
		admin := k.system()
		admin.want(200, http.MethodGet, path, ``, `"totp":true`, `"name":"Laptop"`)
		admin.want(404, http.MethodDelete, "/agents/9999/two-factor", ``)
		admin.want(200, http.MethodDelete, path, ``)
		b.want(401, http.MethodGet, "/agents/me", ``)
		k.signIn("asha@example.com", ashaPassword).want(200, http.MethodGet, "/agents/me/two-factor", ``, `"enabled":false`, `"passkeys":[]`)
		if k.audited("agent_two_factor_disabled", 1, k.asha) != 1 {
			k.Error("not audited")
		}
	})
}
