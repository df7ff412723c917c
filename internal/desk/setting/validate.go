package setting

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/foyerdesk/foyer/internal/platform/fault"
)

const (
	maxText       = 2000 // bytes of any one setting
	maxSiteName   = 140  // characters
	maxExtensions = 200
	maxExtension  = 20 // characters
	maxUpload     = 500
	maxRetention  = 3650 // days
)

// validate tidies the settings and returns an Invalid error that names the first field with which a desk could not
// work.
func (g *General) validate(languages []string) error {
	for _, s := range []*string{&g.SiteName, &g.FaviconURL, &g.LogoURL, &g.RootURL, &g.Timezone, &g.BusinessHoursID} {
		*s = strings.TrimSpace(*s)
	}
	g.RootURL = strings.TrimRight(g.RootURL, "/")
	if err := g.validateTexts(); err != nil {
		return err
	}
	switch {
	case g.SiteName == "":
		return fault.Required("app.site_name")
	case len([]rune(g.SiteName)) > maxSiteName:
		return fault.TooLong("app.site_name", maxSiteName)
	case !slices.Contains(languages, g.Lang):
		return fault.Field("app.lang", "error.unknown_value", "value", g.Lang)
	case g.MaxFileUploadSize < 1 || g.MaxFileUploadSize > maxUpload:
		return fault.Field("app.max_file_upload_size", "error.out_of_range", "min", "1", "max", fmt.Sprint(maxUpload))
	case g.TrashRetentionDays < 0 || g.TrashRetentionDays > maxRetention:
		return fault.Field("app.trash_retention_days", "error.out_of_range", "min", "0", "max", fmt.Sprint(maxRetention))
	case g.BusinessHoursID != "": // no schedule can exist yet that it could name
		return fault.Field("app.business_hours_id", "error.unknown_value", "value", g.BusinessHoursID)
	}
	if err := g.validateAddresses(); err != nil {
		return err
	}
	if g.Timezone != "" {
		if _, err := time.LoadLocation(g.Timezone); err != nil || g.Timezone == "Local" {
			return fault.Field("app.timezone", "error.timezone", "value", g.Timezone)
		}
	}
	return g.validateExtensions()
}

// validateTexts refuses what could not be shown, put into a header or kept.
func (g *General) validateTexts() error {
	for _, f := range []struct {
		name  string
		texts []string
	}{
		{"app.site_name", []string{g.SiteName}}, {"app.root_url", []string{g.RootURL}}, {"app.logo_url", []string{g.LogoURL}},
		{"app.favicon_url", []string{g.FaviconURL}}, {"app.business_hours_id", []string{g.BusinessHoursID}},
		{"app.allowed_file_upload_extensions", g.AllowedUploadExtensions},
	} {
		for _, text := range f.texts {
			if strings.ContainsFunc(text, unicode.IsControl) {
				return fault.Field(f.name, "error.control_characters")
			}
			if len(text) > maxText {
				return fault.TooLong(f.name, maxText)
			}
		}
	}
	return nil
}

// validateAddresses wants an address with a host for the desk, without what would end up in the middle of every link
// made from it; pictures may also be paths of this desk.
func (g *General) validateAddresses() error {
	u, err := url.Parse(g.RootURL)
	if err != nil || !isHTTP(u) || u.User != nil || strings.ContainsAny(g.RootURL, "?#") {
		return fault.Field("app.root_url", "error.url_invalid", "value", g.RootURL)
	}
	for _, f := range []struct{ name, value string }{{"app.logo_url", g.LogoURL}, {"app.favicon_url", g.FaviconURL}} {
		u, err := url.Parse(f.value)
		path := err == nil && u.Scheme == "" && u.Host == "" && !strings.Contains(f.value, `\`)
		if err != nil || (!path && !isHTTP(u)) {
			return fault.Field(f.name, "error.url_invalid", "value", f.value)
		}
	}
	return nil
}

func isHTTP(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// validateExtensions writes extensions in one way: lower case, without the dot, each once. None at all would allow no
// upload, "*" beside others would make them meaningless: it stands alone.
func (g *General) validateExtensions() error {
	const field = "app.allowed_file_upload_extensions"
	if len(g.AllowedUploadExtensions) > maxExtensions {
		return fault.Field(field, "error.too_many", "max", fmt.Sprint(maxExtensions))
	}
	tidy := []string{}
	for _, given := range g.AllowedUploadExtensions {
		ext := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(given), "*."), "."))
		if ext == "*" {
			g.AllowedUploadExtensions = []string{"*"}
			return nil
		}
		if ext == "" || len([]rune(ext)) > maxExtension || strings.ContainsFunc(ext, notInExtension) {
			return fault.Field(field, "error.extension_invalid", "value", given)
		}
		if !slices.Contains(tidy, ext) {
			tidy = append(tidy, ext)
		}
	}
	if g.AllowedUploadExtensions != nil {
		g.AllowedUploadExtensions = tidy
	}
	return nil
}

func notInExtension(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '+'
}
