package demo

import "github.com/foyerdesk/foyer/internal/desk/organization"

// Organizations are companies whose people write in the stories, by the domains of their addresses.
var Organizations = []organization.Edit{
	company("Hotel Hollander", "hotel-hollander.example", "42 rooms, being furnished until spring. Procurement is Beatrix; Pieter signs for deliveries."),
	company("Cole & Sons", "coleandsons.example", "Joiners in Bristol. Pay by invoice, 30 days."),
	company("Okafor Studio", "okafor.example", "Interior designers; trade discount of 12 %."),
	company("Rossi Interiors", "rossi-interiors.example", ""),
	company("Achterberg Wonen", "achterberg.example", "Shop in Utrecht."),
}

func company(name, domain, note string) organization.Edit {
	return organization.Edit{Name: &name, Domains: &[]string{domain}, Note: &note}
}
