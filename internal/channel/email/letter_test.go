package email

import "testing"

func TestAnswersAreKnownByTheirPrefixInManyLanguages(t *testing.T) {
	for _, subject := range []string{"Re: x", "RE : x", "re[2]: x", "AW: x", "Antw: x", "SV: x", "VS: x", "Vá: x", "Odp: x", "R: x", "RIF: x", "Rép: x", "YNT: x", "Cvp: x", "Ats: x",
		"Atb: x", "Răsp: x", "Bls: x", "TL: x", "Отв: x", "ВІД: x", "ΑΠ: x", "תגובה: x", "رد: x", "پاسخ: x", "回复：x", "回覆: x", "返信: x", "회신: x"} {
		if !answers.MatchString(subject) {
			t.Errorf("%q is no answer", subject)
		}
	}
	for _, subject := range []string{"x", "Printer: Re", "Reminder: x", "Return: x", "Resolved: x", "Fwd: x", "WG: x", "", ":", "Restore x"} {
		if answers.MatchString(subject) {
			t.Errorf("%q is an answer", subject)
		}
	}
}
