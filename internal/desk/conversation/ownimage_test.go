package conversation

import "testing"

func TestOnlyPicturesOfThisDeskAreItsOwn(t *testing.T) {
	const id = "5952b917-b93f-4e12-9d9d-f9dec4f84c88"
	for url, want := range map[string]string{
		"/uploads/" + id:                             id,
		"/uploads/" + id + "?signature=x":            id,
		"https://desk.test/uploads/" + id:            id,
		"https://evil.test/uploads/" + id:            "",
		"https://desk.test.evil.test/uploads/" + id:  "",
		"//evil.test/uploads/" + id:                  "",
		"https://desk.test/other/uploads/" + id:      "",
		"/uploads/" + id + "/x":                      "",
		"/uploads/thumb_" + id:                       "",
		"https://desk.test@evil.test/uploads/" + id:  "",
		"https://desk.test//uploads/" + id:           "",
		"javascript:https://desk.test/uploads/" + id: "",
	} {
		if got := ownImage("https://desk.test", url); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
	if ownImage("", "https://desk.test/uploads/"+id) != "" {
		t.Error("without a root, no host is the desk's")
	}
}
